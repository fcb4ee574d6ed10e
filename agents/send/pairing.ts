import type { MessageEntry } from "../../query/messages.ts";
import type { Ack } from "../acks/acks.ts";

/** One of several messages to one agent whose texts are equal, so that the runtime's word of one reads like its word of another. */
export interface Equal {
  readonly id: string;
  readonly requestedAtMs: number;
  /** Enter was typed behind it, or may have been: a line of it may come. */
  readonly mayBeHeld: boolean;
  /** When that was, as far as is known. */
  readonly enteredAtMs: number;
  /** The runtime said that it holds it in its queue, and nobody took it back. */
  readonly wasQueued: boolean;
  /** What the runtime calls it, where its server was given it: its lines name that, and are no other message's. */
  readonly runtimeMessage: string | null;
}

/** What the runtime's lines prove of one message. */
export interface Paired {
  /** Earlier equal messages whose lines may still come: so many lines are needed before one proves this message. */
  readonly owed: number;
  readonly received: Ack | null;
  readonly takenUp: Ack | null;
}

/** A runtime that has not said in so long that it holds a message will not say it any more. */
const OWED_MS = 15 * 60 * 1000;

/**
 * So long after its Enter a line of this digest proves a message. A digest names a text and not who typed it: what comes later may
 * as well be what a person typed by hand because the message seemed to be lost.
 */
const PROVES_WITHIN_MS = 60 * 1000;

/** Whether a line came soon enough after Enter to be about the message that it was typed for. */
export function isInTime(enteredAtMs: number, { atMs }: Ack): boolean {
  return atMs - enteredAtMs <= PROVES_WITHIN_MS;
}

/** The messages to this agent that have this text. */
export function equalsOf(messages: readonly MessageEntry[], agent: string | null, digest: string): Equal[] {
  return messages
    .filter((one) => one.agent === agent && one.requested.digest === digest)
    .map(({ id, requestedAtUs, via, submitted, submittedAtUs, verdict, state, proof, queued, ...more }) => ({
      id,
      // The adapter's clock has milliseconds, and so may be a little before ours.
      requestedAtMs: Math.floor(requestedAtUs / 1000),
      // A sender that was killed behind its text has perhaps typed Enter too, or posted it.
      mayBeHeld: submitted || (via !== null && verdict === null),
      enteredAtMs: Math.floor(
        (submittedAtUs ?? (via !== null && verdict === null ? more.atUs : requestedAtUs)) / 1000,
      ),
      wasQueued: verdict === "accepted" && proof === "ack" && queued && state !== "withdrawn",
      runtimeMessage: more.runtimeMessage,
    }));
}

/**
 * Pairs what a runtime said of one text with the messages that have it, in their order, and counts each line once. A line that
 * came after the next equal request never proves the earlier message, because it may be the later one's; and it proves the later
 * one only when there are more lines than earlier messages whose lines are still owed, and when it came soon. What stays open is not
 * accepted. Pure.
 */
export function pairAcks(
  equals: readonly Equal[],
  acks: readonly Ack[],
  digest: string,
): ReadonlyMap<string, Paired> {
  const paired = new Map<string, Paired>();
  const posted = equals.filter(({ runtimeMessage }) => runtimeMessage !== null);
  for (const { id, runtimeMessage } of posted) paired.set(id, { owed: 0, ...namedBy(acks, runtimeMessage) });
  const others = withoutThose(acks, posted);
  const said = (word: string): Ack[] =>
    others.filter(({ what, sha256 }) => what === word && sha256 === digest).sort((a, b) => a.atMs - b.atMs);
  const [received, takenUp] = [said("received"), said("taken-up")];
  const ordered = equals
    .filter(({ runtimeMessage }) => runtimeMessage === null)
    .sort((a, b) => a.requestedAtMs - b.requestedAtMs);
  const used = new Set<Ack>();
  let open: Equal[] = [];
  for (const [at, one] of ordered.entries()) {
    const fromMs = one.requestedAtMs;
    const untilMs = ordered[at + 1]?.requestedAtMs ?? Number.POSITIVE_INFINITY;
    const own = (line: Ack): boolean => line.atMs >= fromMs && line.atMs < untilMs;
    open = open.filter(({ requestedAtMs }) => fromMs - requestedAtMs < OWED_MS);
    const owed = open.length;
    // Of equal texts those that wait are taken up first: so many of these lines are not this message's.
    const earlier = (lines: readonly Ack[]): number => lines.filter(({ atMs }) => atMs < fromMs).length;
    const waiting = Math.max(0, earlier(received) - earlier(takenUp));
    // The queue of a runtime is taken up in its order, and so also after the next request.
    const mine = one.wasQueued
      ? takenUp.filter(({ atMs }) => atMs >= fromMs)
      : takenUp.filter(own).slice(owed + waiting);
    const up = mine.find((line) => !used.has(line)) ?? null;
    if (up !== null) used.add(up);
    const proof = received.filter(own)[owed] ?? (up !== null && own(up) ? up : null);
    // A line that proves nothing was of one of these all the same. The youngest go: what was lost long ago is forgotten in time.
    const heard = Math.max(received.filter(own).length, proof === null ? 0 : owed + 1);
    if (one.mayBeHeld) open.push(one);
    open = open.slice(0, Math.max(0, open.length - heard));
    const proves = proof !== null && one.mayBeHeld && isInTime(one.enteredAtMs, proof);
    paired.set(one.id, { owed, received: proves ? proof : null, takenUp: up });
  }
  return paired;
}

/** What the runtime said of a message whose name in it is ours: nothing is counted, whatever its text and whenever it comes. */
function namedBy(acks: readonly Ack[], runtimeMessage: string | null): Pick<Paired, "received" | "takenUp"> {
  const line = (word: string): Ack | null =>
    acks.find(({ what, message }) => what === word && message === runtimeMessage) ?? null;
  return { received: line("received"), takenUp: line("taken-up") };
}

/** The lines that are not of messages whose names in the runtime are known: only they can be of one that was typed. */
export function withoutThose(acks: readonly Ack[], equals: readonly Equal[]): Ack[] {
  const names = new Set(equals.flatMap(({ runtimeMessage }) => runtimeMessage ?? []));
  return acks.filter(({ message }) => message === null || !names.has(message));
}
