import { z } from "zod";
import { boundedText, count, shortText } from "./text.ts";

/** The message's id, which all events of one message carry. */
const message = { message: shortText };
/** SHA-256 in hex. */
const digest = z.string().max(64);

export const messageEvents = {
  /** Written before anything is typed. The text is kept only where that was asked for. */
  "message.requested": z.strictObject({
    ...message,
    /** Of the text in its normal form: what a runtime's adapter names when it holds the message. */
    digest,
    bytes: count,
    lines: count,
    text: z
      .string()
      .max(1024 * 1024)
      .nullable(),
    user: shortText,
    pid: count,
    verify: z.boolean(),
    until: z.enum(["accepted", "taken-up", "answered"]),
    /** W3C trace context of whoever asked. */
    traceparent: shortText.nullable(),
  }),
  /** The text went into this pane. The runtime is the one whose ways are known, or null. */
  "message.typed": z.strictObject({
    ...message,
    socket: boundedText,
    pane: shortText,
    pid: count,
    runtime: shortText.nullable(),
  }),
  /**
   * Written before the server of its runtime is given the text under this id, so that whatever the runtime says of the id is known to be of
   * this message. Nothing is typed, unless the server does not take it.
   */
  "message.posted": z.strictObject({
    ...message,
    via: z.enum(["prompt_async"]),
    runtime: shortText,
    pid: count,
    port: count,
    /** The conversation that it went into. */
    session: shortText,
    /** What the runtime calls it. */
    runtimeMessage: shortText,
  }),
  /** Enter went after it, or the server was given it: from here on the runtime may hold it. */
  "message.submitted": z.strictObject(message),
  "message.accepted": z.strictObject({
    ...message,
    proof: z.enum(["id", "ack", "screen", "read"]),
    queued: z.boolean(),
    because: boundedText,
  }),
  "message.draft": z.strictObject({ ...message, because: boundedText }),
  "message.unverifiable": z.strictObject({ ...message, which: shortText, because: boundedText }),
  /** Enter was not typed; `typed`: the text was. */
  "message.refused": z.strictObject({
    ...message,
    why: shortText,
    what: shortText.nullable(),
    typed: z.boolean(),
    because: boundedText,
  }),
  /** It has become part of the conversation that the model is given. */
  "message.taken_up": z.strictObject({ ...message, proof: z.enum(["id", "ack", "screen"]) }),
  /** It was queued, and the runtime came to rest without having taken it up. */
  "message.withdrawn": z.strictObject({ ...message, because: boundedText }),
  /** The turn that took it up has ended. */
  "message.answered": z.strictObject({ ...message, because: boundedText }),
} as const;
