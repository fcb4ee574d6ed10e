import type { Cursors } from "./cursors.ts";
import type { Appended, Batch } from "./events/batch.ts";
import type { Snapshot } from "./events/snapshot.ts";
import type { HeldLooks } from "./held-looks.ts";
import type { Lease } from "./lease.ts";
import type { Observations } from "./observations.ts";
import type { Derive } from "./projection.ts";
import type { Writer, Writing } from "./writer.ts";

/**
 * Puts one batch into the log, in one transaction: the cursor is compared and set, an expired lease is settled, the
 * events are appended, a snapshot is turned into the transitions it means and these are appended, all of it is
 * folded, and how fresh the source's answers are is noted. On return it is durable, but for a look of the recorder that
 * changed nothing (see `HeldLooks`).
 */
export function appender(parts: {
  readonly writer: Writer;
  readonly cursors: Cursors;
  readonly observations: Observations;
  readonly heldLooks: HeldLooks;
  readonly lease: Lease;
  readonly derive: Derive;
}): (batch: Batch) => Appended {
  const { writer, cursors, observations, heldLooks, lease, derive } = parts;

  const appendSnapshot = (writing: Writing, snapshot: Snapshot): void => {
    const { source, scope } = snapshot;
    const begunUs = writing.carry(snapshot.begunAtUs);
    const isComplete = !("complete" in snapshot) || snapshot.complete;
    // Another writer has looked at the whole scope since this look began: it knows better, about everything in it.
    if (isComplete && observations.seenElsewhereSince(begunUs, source, scope)) return;
    const completeUs = isComplete ? writing.carry(snapshot.endedAtUs) : null;
    observations.record({ source, scope, atUs: snapshot.endedAtUs, completeUs });
    const nowUs = writing.nowUs();
    for (const event of derive(writing.documents, snapshot, { nowUs, begunUs })) writing.write(event);
  };

  return (batch) => {
    const { events, snapshot, cursor, observed, gauges } = batch;
    const look = observed === undefined ? null : { source: batch.source, ...observed, completeUs: null };
    if (look !== null && lease.isHeld() && isNothingElse(batch)) {
      heldLooks.hold(look);
      return { ok: true, count: 0, lastSeq: writer.lastSeq() };
    }
    const appended = writer.transact((writing): Appended => {
      if (cursor !== undefined && !cursors.move(cursor))
        return { ok: false, reason: "cursor-moved", actual: cursors.read(cursor.name) };
      lease.settleExpired(writing);
      heldLooks.write();
      const before = writing.lastSeq();
      for (const event of events ?? []) writing.write(event);
      if (snapshot !== undefined) appendSnapshot(writing, snapshot);
      if (look !== null) observations.record(look);
      if (gauges !== undefined) observations.gauge(gauges.scope, gauges.values);
      return { ok: true, count: writing.lastSeq() - before, lastSeq: writing.lastSeq() };
    });
    if (appended.ok) heldLooks.written();
    return appended;
  };
}

function isNothingElse({ events, snapshot, cursor, gauges }: Batch): boolean {
  return events === undefined && snapshot === undefined && cursor === undefined && gauges === undefined;
}
