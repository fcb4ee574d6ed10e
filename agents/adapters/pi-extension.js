// An extension for pi: heartbeats by a timer in its own process, `busy`, `ok` and `waiting` from its events (complete: retries,
// interruption and errors included), and what became of each prompt. Installed by `fleet hooks install pi`.
import { createResponder, digestOfPrompt } from "./responder.js";

export default function fleetHeartbeat(pi) {
  let responder = null;
  let isBusy = false;
  let model = "";
  const prompts = new Set();
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
  });
  on("agent_start", (_, context) => {
    isBusy = true;
    model = context?.model?.id ?? model;
  });
  // Not agent_end: a retry follows that.
  on("agent_settled", () => {
    isBusy = false;
    prompts.clear();
  });
  on("ui_prompt_start", ({ kind, title }) => prompts.add(`${kind} ${title}`));
  on("ui_prompt_end", ({ kind, title }) => prompts.delete(`${kind} ${title}`));
  on("input", ({ text, streamingBehavior }) => {
    responder?.acknowledge("received", digestOfPrompt(text), {
      queued: isBusy || streamingBehavior ? 1 : "",
    });
  });
  on("message_start", ({ message }) => {
    if (message?.role !== "user") return;
    const text =
      typeof message.content === "string"
        ? message.content
        : message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
    responder?.acknowledge("taken-up", digestOfPrompt(text));
  });
}
