import type { Answer } from "./post.ts";

/** What an answer means for the batch that was sent. */
export type Outcome =
  /** Taken, except for `rejected` of it. What was rejected must not be sent again (OTLP specification). */
  | { readonly kind: "settled"; readonly rejected: number; readonly message: string }
  /** Not taken now. The same bytes may be sent again, not before `afterMs`. */
  | { readonly kind: "later"; readonly afterMs: number | null; readonly reason: string }
  /** Never to be taken as it is: something in it is not to the receiver's liking. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string };

/** The receiver's own words about a 2xx: what it did not take. Throws when the body is no OTLP response. */
export type ReadPartialSuccess = (body: Uint8Array) => { rejected: number; message: string };

/** By the specification these may be repeated; a 408 and a 425 say themselves that another try is welcome. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);
/** Not the batch's fault but the address's or the credentials': no half of it would fare better, and mending is up to an operator. */
const MISDIRECTED: ReadonlySet<number> = new Set([401, 403, 404, 405, 407]);
const REASON_LENGTH = 300;

/** Reads an answer of any sender's: what is not plainly an acceptance is never taken for one. */
export function outcomeOf(answer: Answer, readPartial: ReadPartialSuccess, nowMs: number): Outcome {
  const { status, body } = answer;
  const said = textOf(answer);
  if (status >= 200 && status < 300) {
    try {
      const { rejected, message } = readPartial(body);
      return { kind: "settled", rejected, message: message.slice(0, REASON_LENGTH) };
    } catch {
      // A portal's or a web server's "200 OK" is no receiver's.
      const reason = `answered ${status} with what is no OTLP response (${answer.contentType || "no type"})`;
      return { kind: "later", afterMs: null, reason };
    }
  }
  if (LATER.has(status) || MISDIRECTED.has(status) || status < 400 || status >= 500) {
    return {
      kind: "later",
      afterMs: retryAfterMs(answer.retryAfter, nowMs),
      reason: `answered ${status}${said}`,
    };
  }
  return { kind: "refused", status, reason: `answered ${status}${said}` };
}

/** Seconds or a date (RFC 9110). */
export function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

function textOf({ body, contentType }: Answer): string {
  const said = contentType.includes("protobuf") ? messageOfStatus(body) : body;
  const text = said
    .toString("utf8")
    .replaceAll(/[^\x20-\x7e]+/g, " ")
    .trim();
  if (text === "" || contentType.includes("html")) return "";
  return `: ${text.slice(0, REASON_LENGTH)}`;
}

/** The message of a `google.rpc.Status` in protobuf, its second field. */
function messageOfStatus(body: Buffer): Buffer {
  const MESSAGE = 0x12;
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < body.length; shift *= 128) {
      const byte = body[at++] as number;
      value += (byte & 127) * shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < body.length) {
    const tag = varint();
    if ((tag & 7) === 0) {
      varint();
      continue;
    }
    if ((tag & 7) !== 2) break;
    const length = varint();
    if (tag === MESSAGE && at + length <= body.length) return body.subarray(at, at + length);
    at += length;
  }
  // No Status after all: its letters are what there is to say.
  return body;
}
