// An extension for pi: heartbeats by a timer in its own process, `busy`, `ok` and `waiting` from its events (complete: retries,
// interruption and errors included), what became of each prompt, and its trace context for the commands of its turn. Installed by
// `fleet hooks install pi`.
import { createResponder, digestOfPrompt } from "./responder.js";

export default function fleetHeartbeat(pi) {
  let responder = null;
  let isBusy = false;
  let model = "";
  const prompts = new Set();
  /** Trace contexts of prompts that wait to be taken up, by digest. */
  const traces = new Map();
  const theirs = process.env.TRACEPARENT;
  /** What the commands of this turn inherit. */
  const trace = (traceparent) => {
    if (traceparent) process.env.TRACEPARENT = traceparent;
    else if (theirs === undefined) delete process.env.TRACEPARENT;
    else process.env.TRACEPARENT = theirs;
  };
  const status = () => (prompts.size > 0 ? "waiting" : isBusy ? "busy" : "ok");
  const on = (event, act) =>
    pi.on(event, (payload, context) => {
      try {
        act(payload, context);
        responder?.changed();
      } catch {
        // The agent goes on; a beat that is missing says what is to be said.
      }
    });

  // Not before: pi loads extensions also where it starts no session.
  on("session_start", (_, context) => {
    responder?.close();
    prompts.clear();
    isBusy = context?.isIdle?.() === false;
    model = context?.model?.id ?? model;
    responder = createResponder(() => ({ status: status(), model }));
  });
  on("session_shutdown", () => {
    responder?.close();
    responder = null;
    trace("");
  });
  on("agent_start", (_, context) => {
    isBusy = true;
    model = context?.model?.id ?? model;
  });
  // Not agent_end: a retry follows that.
  on("agent_settled", () => {
    isBusy = false;
    prompts.clear();
    trace("");
  });
  on("ui_prompt_start", ({ kind, title }) => prompts.add(`${kind} ${title}`));
  on("ui_prompt_end", ({ kind, title }) => prompts.delete(`${kind} ${title}`));
  on("input", ({ text, streamingBehavior }) => {
    const digest = digestOfPrompt(text);
    responder?.acknowledge("received", digest, { queued: isBusy || streamingBehavior ? 1 : "" });
    const left = responder?.takeTrace(digest);
    if (left) traces.set(digest, left);
    if (traces.size > 100) traces.delete(traces.keys().next().value);
  });
  on("message_start", ({ message }) => {
    if (message?.role !== "user") return;
    const text =
      typeof message.content === "string"
        ? message.content
        : message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
    const digest = digestOfPrompt(text);
    responder?.acknowledge("taken-up", digest);
    trace(traces.get(digest));
    traces.delete(digest);
  });
}
