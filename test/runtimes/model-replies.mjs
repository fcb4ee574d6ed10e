// The mock model's replies, in each of the three dialects: a list of chunks with pauses between them.
import crypto from "node:crypto";

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const id = (p) => p + crypto.randomBytes(8).toString("hex");

const STORY = (
  "The build has three stages. First the parser reads the sources and makes a tree. Then the checker walks the tree " +
  "and notes what is used where. Last the writer puts the result on disk, one file at a time. "
)
  .repeat(6)
  .split(/(?<= )/);

async function* pieces(m, main, text) {
  if (main && m.mode === "slow") {
    const total = m.ms || 20000,
      step = total / STORY.length;
    for (const w of STORY) {
      await sleep(step);
      yield w;
    }
  } else {
    for (const w of text.split(/(?<= )/)) yield w;
  }
}

/** Anthropic Messages: Claude Code. */
export async function anthropic(res, b, m, main, tool, text) {
  const msg = {
    id: id("msg_"),
    type: "message",
    role: "assistant",
    model: b.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 1200,
      output_tokens: 1,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  };
  if (!b.stream) {
    msg.content = tool
      ? [{ type: "tool_use", id: id("toolu_"), name: tool.name, input: tool.args }]
      : [{ type: "text", text }];
    msg.stop_reason = tool ? "tool_use" : "end_turn";
    res.writeHead(200, { "content-type": "application/json", "request-id": id("req_") });
    return res.end(JSON.stringify(msg));
  }
  res.writeHead(200, { "content-type": "text/event-stream", "request-id": id("req_") });
  const ev = (type, o) => res.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...o })}\n\n`);
  ev("message_start", { message: msg });
  ev("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  let n = 0;
  for await (const w of pieces(m, main, tool ? m.lead || "I will do that now. " : text)) {
    if (res.destroyed) return;
    ev("content_block_delta", { index: 0, delta: { type: "text_delta", text: w } });
    n++;
  }
  ev("content_block_stop", { index: 0 });
  if (tool) {
    ev("content_block_start", {
      index: 1,
      content_block: { type: "tool_use", id: id("toolu_"), name: tool.name, input: {} },
    });
    ev("content_block_delta", {
      index: 1,
      delta: { type: "input_json_delta", partial_json: JSON.stringify(tool.args) },
    });
    ev("content_block_stop", { index: 1 });
  }
  ev("message_delta", {
    delta: { stop_reason: tool ? "tool_use" : "end_turn", stop_sequence: null },
    usage: { output_tokens: n },
  });
  ev("message_stop", {});
  res.end();
}

/** OpenAI Responses: Codex. */
export async function responses(res, b, m, main, tool, text) {
  res.writeHead(200, { "content-type": "text/event-stream", "x-request-id": id("req_") });
  const rid = id("resp_"),
    mid = id("msg_");
  let sn = 0;
  const ev = (type, o) =>
    res.write(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sn++, ...o })}\n\n`);
  ev("response.created", {
    response: { id: rid, object: "response", status: "in_progress", model: b.model, output: [] },
  });
  ev("response.output_item.added", {
    output_index: 0,
    item: { type: "message", id: mid, role: "assistant", status: "in_progress", content: [] },
  });
  ev("response.content_part.added", {
    item_id: mid,
    output_index: 0,
    content_index: 0,
    part: { type: "output_text", text: "", annotations: [] },
  });
  let all = "";
  for await (const w of pieces(m, main, tool ? m.lead || "I will do that now. " : text)) {
    if (res.destroyed) return;
    all += w;
    ev("response.output_text.delta", { item_id: mid, output_index: 0, content_index: 0, delta: w });
  }
  const out = [
    {
      type: "message",
      id: mid,
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: all, annotations: [] }],
    },
  ];
  ev("response.output_text.done", { item_id: mid, output_index: 0, content_index: 0, text: all });
  ev("response.output_item.done", { output_index: 0, item: out[0] });
  if (tool) {
    const item = tool.custom
      ? {
          type: "custom_tool_call",
          id: id("ctc_"),
          call_id: id("call_"),
          name: tool.name,
          input: tool.args,
          status: "completed",
        }
      : {
          type: "function_call",
          id: id("fc_"),
          call_id: id("call_"),
          name: tool.name,
          arguments: JSON.stringify(tool.args),
          status: "completed",
        };
    ev("response.output_item.added", { output_index: 1, item });
    ev("response.output_item.done", { output_index: 1, item });
    out.push(item);
  }
  ev("response.completed", {
    response: {
      id: rid,
      object: "response",
      status: "completed",
      model: b.model,
      output: out,
      usage: {
        input_tokens: 1200,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 40,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 1240,
      },
    },
  });
  res.end();
}

/** OpenAI Chat Completions: OpenCode, pi. */
export async function chat(res, b, m, main, tool, text) {
  const base = { id: id("chatcmpl-"), created: Math.floor(Date.now() / 1000), model: b.model };
  const usage = { prompt_tokens: 1200, completion_tokens: 40, total_tokens: 1240 };
  const call = tool && [
    {
      index: 0,
      id: id("call_"),
      type: "function",
      function: { name: tool.name, arguments: JSON.stringify(tool.args) },
    },
  ];
  if (!b.stream) {
    res.writeHead(200, { "content-type": "application/json" });
    return res.end(
      JSON.stringify({
        ...base,
        object: "chat.completion",
        usage,
        choices: [
          {
            index: 0,
            finish_reason: tool ? "tool_calls" : "stop",
            message: {
              role: "assistant",
              content: tool ? null : text,
              ...(tool ? { tool_calls: call } : {}),
            },
          },
        ],
      }),
    );
  }
  res.writeHead(200, { "content-type": "text/event-stream" });
  const ev = (delta, finish_reason = null, extra = {}) =>
    res.write(
      `data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }], ...extra })}\n\n`,
    );
  ev({ role: "assistant", content: "" });
  for await (const w of pieces(m, main, tool ? m.lead || "I will do that now. " : text)) {
    if (res.destroyed) return;
    ev({ content: w });
  }
  if (tool) ev({ tool_calls: call });
  ev({}, tool ? "tool_calls" : "stop", { usage });
  res.write("data: [DONE]\n\n");
  res.end();
}
