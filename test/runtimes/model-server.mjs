// Mock model server on loopback: enough of three APIs for the real CLIs to run whole turns with no network and no account.
//   POST /v1/messages, /v1/responses, /v1/chat/completions
//   POST /__mode  {"mode":"text|slow|bash|write|ask|status|hang|drop", ...}   for every request that offers tools, until changed
//   GET  /__log?since=N   the requests seen, one JSON object a line: what text reached "the model", and when
//   GET  /__last          how many requests there were: each repeats the whole conversation, so that a log from its start is megabytes
import http from "node:http";
import { anthropic, chat, responses, sleep } from "./model-replies.mjs";
import { afterTool, lastUser, pickTool } from "./model-request.mjs";

const port = Number(process.env.PORT);
let mode = { mode: "text", delay: 300 };
let seq = 0;
const log = [];

http
  .createServer(async (req, res) => {
    const url = new URL(req.url, "http://x");
    let raw = "";
    for await (const c of req) raw += c;
    if (url.pathname === "/__mode") {
      if (req.method === "POST") mode = JSON.parse(raw);
      return res.end(`${JSON.stringify(mode)}\n`);
    }
    if (url.pathname === "/__last") return res.end(`${seq}\n`);
    if (url.pathname === "/__log") {
      const s = Number(url.searchParams.get("since") || 0);
      return res.end(
        log
          .filter((x) => x.seq > s)
          .map((x) => `${JSON.stringify(x)}\n`)
          .join(""),
      );
    }
    const t = Date.now();
    const api = url.pathname.endsWith("/messages")
      ? "messages"
      : url.pathname.endsWith("/responses")
        ? "responses"
        : url.pathname.endsWith("/chat/completions")
          ? "chat"
          : null;
    const rec = { seq: ++seq, t, method: req.method, path: url.pathname };
    const put = () => {
      log.push(rec);
    };
    if (!api || req.method !== "POST") {
      put();
      if (url.pathname.endsWith("/models")) {
        res.setHeader("content-type", "application/json");
        return res.end(JSON.stringify({ object: "list", data: [], models: [] }));
      }
      if (url.pathname.endsWith("/count_tokens")) {
        res.setHeader("content-type", "application/json");
        return res.end('{"input_tokens":1200}');
      }
      if (req.method === "HEAD") return res.end();
      res.writeHead(404, { "content-type": "application/json" });
      return res.end('{"error":{"type":"not_found_error","message":"not found"}}');
    }
    let b;
    try {
      b = JSON.parse(raw);
    } catch {
      rec.bad = true;
      put();
      res.writeHead(400);
      return res.end();
    }
    const u = lastUser(api, b),
      main = (b.tools || []).length > 0,
      after = afterTool(api, b);
    Object.assign(rec, {
      api,
      main,
      after,
      model: b.model,
      tools: (b.tools || []).length,
      users: u.all.length,
      bytes: raw.length,
      traceparent: req.headers.traceparent,
      last: u.last,
      all: u.all,
    });
    put();
    const m = main ? { ...mode } : { mode: "text", delay: 50 };
    if (after && ["bash", "write", "ask"].includes(m.mode)) {
      m.mode = "text";
    }
    res.on("error", () => {});
    if (m.mode === "status") {
      res.writeHead(m.status, { "content-type": "application/json", ...(m.headers || {}) });
      const ty =
        { 401: "authentication_error", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error" }[
          m.status
        ] || "api_error";
      return res.end(
        JSON.stringify({
          type: "error",
          error: {
            type: ty,
            code: ty,
            message:
              m.message ||
              { 401: "invalid x-api-key", 429: "rate limit exceeded", 500: "internal server error" }[
                m.status
              ] ||
              "error",
          },
        }),
      );
    }
    if (m.mode === "hang") return; // never answers
    if (m.mode === "drop") return req.socket.destroy(); // closes the connection
    await sleep(m.delay ?? 300);
    const tool = main && !after ? pickTool(b, m) : null;
    const text = main
      ? m.text || (after ? "Done." : "Understood.")
      : api === "chat"
        ? "Project work"
        : '{"title":"Project work","isNewTopic":false}';
    await { messages: anthropic, responses, chat }[api](res, b, m, main, tool, text);
  })
  .listen(port, "127.0.0.1", () => console.error(`mock model server on 127.0.0.1:${port}`));
