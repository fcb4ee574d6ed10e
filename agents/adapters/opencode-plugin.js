// A plugin for OpenCode: heartbeats by a timer in its own process, `busy`, `ok` and `waiting` from its events (complete: interruption,
// denial, errors and retries included), what became of each prompt, and its trace context for what its turn starts. Installed by
// `fleet hooks install opencode`.
import { createResponder, digestOfPrompt } from "./responder.js";

/**
 * OpenCode loads a plugin once for each directory that it is asked about, and with `--port` twice for its own, and gives the events to one of them: what each
 * would say for itself would be that it is at rest. So they are one, and speak once.
 */
let shared = null;

/** OpenCode awaits some of these; a throw in `chat.message` would lose the user's message. So each is quick and catches everything. */
export const FleetHeartbeat = async () => {
  try {
    shared ??= createHooks();
  } catch {
    return {};
  }
  if (shared === null) return {};
  const { hooks } = shared;
  shared.open += 1;
  let isOpen = true;
  return {
    ...hooks,
    dispose: () => {
      if (isOpen && shared !== null) {
        shared.open -= 1;
        if (shared.open === 0) {
          shared.close();
          shared = null;
        }
      }
      isOpen = false;
      return Promise.resolve();
    },
  };
};

function createHooks() {
  const sessions = new Map();
  const asked = new Map();
  const received = new Map();
  /** Trace contexts of messages, and the one of each session's running turn. */
  const traces = new Map();
  const tracing = new Map();
  let model = "";
  const status = () => {
    if (asked.size > 0) return "waiting";
    return [...sessions.values()].some((type) => type !== "idle") ? "busy" : "ok";
  };
  const quietly = (act) => (input, output) => {
    try {
      act(input, output);
    } catch {
      // The agent goes on; a beat that is missing says what is to be said.
    }
    return Promise.resolve();
  };
  const responder = createResponder(() => ({ status: status(), model }));
  if (responder === null) return null;

  const settled = (session) => {
    sessions.set(session, "idle");
    tracing.delete(session);
    // A question of a turn that was interrupted is not answered any more.
    for (const [id, of] of asked) if (of === session) asked.delete(id);
  };
  const handlers = {
    "session.status": ({ sessionID, status: { type } }) =>
      type === "idle" ? settled(sessionID) : sessions.set(sessionID, type),
    "session.idle": ({ sessionID }) => settled(sessionID),
    "session.deleted": ({ info }) => settled(info.id),
    "permission.asked": ({ id, sessionID }) => asked.set(id, sessionID),
    "permission.replied": ({ requestID, permissionID }) => asked.delete(requestID ?? permissionID),
    "question.asked": ({ id, sessionID }) => asked.set(id, sessionID),
    "question.replied": ({ requestID }) => asked.delete(requestID),
    "question.rejected": ({ requestID }) => asked.delete(requestID),
    "message.updated": ({ info }) => {
      if (info.role !== "assistant" || !received.has(info.parentID)) return;
      const digest = received.get(info.parentID);
      received.delete(info.parentID);
      responder.acknowledge("taken-up", digest, { message: info.parentID, session: info.sessionID });
    },
  };
  const hooks = {
    event: quietly(({ event }) => {
      // One event for each word of an answer: dropped first.
      if (event.type === "message.part.delta" || !Object.hasOwn(handlers, event.type)) return;
      handlers[event.type](event.properties);
      responder.changed();
    }),
    "chat.message": quietly((input, output) => {
      const text = output.parts
        .map((part) => (part.type === "text" && !part.synthetic ? part.text : ""))
        .join("");
      model = output.message.model?.modelID ?? model;
      const session = output.message.sessionID ?? input.sessionID;
      const queued = (sessions.get(session) ?? "idle") !== "idle" ? 1 : "";
      const message = output.message.id;
      const digest = digestOfPrompt(text);
      responder.acknowledge("received", digest, { message, session, queued });
      received.set(message, digest);
      // Messages that were never answered (an error) must not be kept for ever.
      if (received.size > 100) received.delete(received.keys().next().value);
      const trace = responder.takeTrace(digest);
      if (trace !== "") traces.set(message, trace);
      if (traces.size > 100) traces.delete(traces.keys().next().value);
    }),
    // Each request to the model says which message it is for: what its turn starts is of the same trace.
    "chat.headers": quietly(({ sessionID, message }, { headers }) => {
      const trace = traces.get(message.id);
      if (trace === undefined) tracing.delete(sessionID);
      else tracing.set(sessionID, trace);
      if (trace !== undefined && headers.traceparent === undefined) headers.traceparent = trace;
    }),
    "shell.env": quietly(({ sessionID }, { env }) => {
      if (tracing.has(sessionID)) env.TRACEPARENT = tracing.get(sessionID);
    }),
  };
  return { hooks, open: 0, close: () => responder.close() };
}
