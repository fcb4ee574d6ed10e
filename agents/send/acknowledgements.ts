import { type Ack, type AckMark, FROM_THE_BEGINNING, markAcks, readAcks } from "../acks/acks.ts";
import type { Acknowledged } from "./delivery.ts";
import { type Equal, isInTime, type Paired, pairAcks, withoutThose } from "./pairing.ts";

/** Where an agent's adapter writes what its runtime took. */
export interface AckPlace {
  readonly directory: string;
  readonly agent: string;
  readonly uid: number;
}

/** The message that is about to be typed, among the equal ones that were typed before it. */
export interface Listening {
  readonly id: string;
  readonly digest: string;
  readonly earlier: readonly Equal[];
  readonly nowMs: number;
  /** When the runtime started, on the wall clock. */
  readonly startedAtMs: number | null;
  /** When Enter was typed; null until then. */
  enteredAtMs(): number | null;
}

/** What the adapter says of one message from now on. */
export function listenForAck(
  { directory, agent, uid }: AckPlace,
  { id, digest, earlier, nowMs, startedAtMs, enteredAtMs }: Listening,
): () => Acknowledged {
  const mark = markAcks(directory, agent, uid);
  const readFrom = (from: AckMark | typeof FROM_THE_BEGINNING): Ack[] =>
    withoutThose(readAcks(directory, agent, uid, from), earlier);
  const before =
    mark.inode === null || startedAtMs === null
      ? []
      : readFrom(FROM_THE_BEGINNING).filter(({ atMs }) => atMs >= startedAtMs);
  // Of equal texts those that wait are taken up first: their lines are not this message's.
  const waiting = Math.max(0, count(before, digest, "received") - count(before, digest, "taken-up"));
  // The line of an earlier equal message may come late, behind the mark: only what exceeds those that are owed is this one's.
  const own = {
    id,
    requestedAtMs: nowMs,
    enteredAtMs: nowMs,
    mayBeHeld: true,
    wasQueued: false,
    runtimeMessage: null,
  };
  const past = readFrom(FROM_THE_BEGINNING);
  const owed = pairAcks([...earlier, own], past, digest).get(id)?.owed ?? 0;
  return () => {
    const now = readFrom(mark);
    const lines = (word: string): Ack[] =>
      now.filter(({ what, sha256 }) => what === word && sha256 === digest);
    const received = lines("received")[owed];
    const takenUp = lines("taken-up")[waiting + owed];
    // Before Enter is typed nobody asks.
    const proves = (line: Ack | undefined): boolean =>
      line !== undefined && isInTime(enteredAtMs() ?? line.atMs, line);
    return {
      // An adapter that has spoken in this life of the runtime is at work; another life's says nothing about this one.
      expected: before.length > 0,
      received: proves(received) || proves(takenUp),
      queued: received?.queued === true && takenUp === undefined,
      takenUp: takenUp !== undefined,
    };
  };
}

/** What the adapter has said of the message that its runtime calls so. */
export function acksNaming({ directory, agent, uid }: AckPlace, runtimeMessage: string): Ack[] {
  return readAcks(directory, agent, uid, FROM_THE_BEGINNING).filter(
    ({ message }) => message === runtimeMessage,
  );
}

/** What the adapter has said by now of one of these equal messages: nothing is typed again to find it out. */
export function acknowledgedUntilNow(
  { directory, agent, uid }: AckPlace,
  digest: string,
  equals: readonly Equal[],
  id: string,
): Pick<Paired, "received" | "takenUp"> {
  const acks = readAcks(directory, agent, uid, FROM_THE_BEGINNING);
  return pairAcks(equals, acks, digest).get(id) ?? { received: null, takenUp: null };
}

function count(acks: readonly Ack[], digest: string, word: string): number {
  return acks.filter(({ what, sha256 }) => what === word && sha256 === digest).length;
}
