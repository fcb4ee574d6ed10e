import { type Ack, type AckMark, markAcks, readAcks } from "../acks/acks.ts";
import type { Acknowledged } from "./delivery.ts";

/** Where an agent's adapter writes what its runtime took. */
export interface AckPlace {
  readonly directory: string;
  readonly agent: string;
  readonly uid: number;
}

const FROM_THE_BEGINNING: AckMark = { inode: null, size: 0 };

/** What the adapter says of one message from now on. `startedAtMs`: when the runtime started, on the wall clock. */
export function listenForAck(
  { directory, agent, uid }: AckPlace,
  digest: string,
  startedAtMs: number | null,
): () => Acknowledged {
  const mark = markAcks(directory, agent, uid);
  const before =
    mark.inode === null || startedAtMs === null
      ? []
      : readAcks(directory, agent, uid, FROM_THE_BEGINNING).filter(({ atMs }) => atMs >= startedAtMs);
  // Of equal texts those that wait are taken up first: their lines are not this message's.
  const waiting = Math.max(0, count(before, digest, "received") - count(before, digest, "taken-up"));
  return () => {
    const now = readAcks(directory, agent, uid, mark);
    const received = now.find(({ what, sha256 }) => what === "received" && sha256 === digest);
    const takenUp = count(now, digest, "taken-up") > waiting;
    return {
      // An adapter that has spoken in this life of the runtime is at work; another life's says nothing about this one.
      expected: before.length > 0,
      received: received !== undefined || takenUp,
      queued: received?.queued === true && !takenUp,
      takenUp,
    };
  };
}

/** What the adapter has said since a moment of a message that was typed before: nothing is typed again to find it out. */
export function acknowledgedSince(
  { directory, agent, uid }: AckPlace,
  digest: string,
  atMs: number,
): Acknowledged {
  const own = readAcks(directory, agent, uid, FROM_THE_BEGINNING).filter((ack) => ack.atMs >= atMs);
  const received = own.find(({ what, sha256 }) => what === "received" && sha256 === digest);
  const takenUp = count(own, digest, "taken-up") > 0;
  return {
    expected: own.length > 0,
    received: received !== undefined || takenUp,
    queued: received?.queued === true && !takenUp,
    takenUp,
  };
}

function count(acks: readonly Ack[], digest: string, word: string): number {
  return acks.filter(({ what, sha256 }) => what === word && sha256 === digest).length;
}
