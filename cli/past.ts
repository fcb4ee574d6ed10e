import { chronicle } from "../query/history/chronicler.ts";
import type { Past } from "../query/history/past.ts";
import { pastAsRecorded } from "../query/history/past-as-recorded.ts";
import type { KeptPastInput } from "../query/history/past-kept.ts";
import { keptPast } from "../query/history/past-kept.ts";
import { projections } from "../query/planes/all.ts";
import { openChronicleThen } from "../store/chronicle-then.ts";
import { openChronicleView } from "../store/chronicle-view.ts";
import type { PayloadOf } from "../store/events/catalogue.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Partition } from "../store/identity.ts";
import { LEASE_US } from "../store/lease.ts";
import type { Reader } from "../store/reader.ts";
import { openVerdictReader } from "../store/verdict-table.ts";
import { isHolderAlive } from "./holder.ts";
import { machineId } from "./machine-id.ts";
import { liveRecorder } from "./present.ts";

/**
 * The past of one (tenant, host) by all the evidence that the log holds at this moment. `fold` is of use to who asks for it again and again
 * (`oneThenAtATime`): what is folded for one question stays open as long as the process.
 */
export function openPast(
  reader: Reader,
  partition: Partition,
  nowUs: number,
  fold: typeof openChronicleThen = openChronicleThen,
): Past {
  const lapsedAtUs = lapsedAt(reader, partition, nowUs);
  const logEnds = lapsedAtUs !== null && isFromElsewhere(reader, partition);
  // A log that is kept by another version of fleet, and cannot be brought up to date here, is folded for this question alone.
  if (!isKept(reader))
    return pastThen(reader, partition, reader.lastSeq(), { lapsedAtUs, logEnds, nowUs }, fold);
  return keptPast({
    ...partition,
    view: reader.kept(partition, openChronicleView),
    verdicts: reader.kept(partition, openVerdictReader),
    lapsedAtUs,
    logEnds,
    nowUs,
  });
}

/** A recorder of this log leaves its lease behind, or its word; one of another machine may be at work there still. */
function isFromElsewhere(reader: Reader, { tenantId, host }: Partition): boolean {
  const own = reader.identity();
  if (own.tenantId !== tenantId || own.host !== host || reader.lease() === null) return true;
  const [here, there] = [machineId(), reader.writtenOn()];
  return here !== null && there !== null && here !== there;
}

/** Whether the chronicle that this program folds is there. */
export function isKept(reader: Reader): boolean {
  return reader.folded()[chronicle.name] === chronicle.version;
}

/** So much that nobody has settled is judged on reading: some milliseconds. */
export const UNSETTLED_EVENTS = 5000;

/** Whether verdicts have to be settled before the past is asked about. */
export function isBehind(reader: Reader): boolean {
  return !isKept(reader) || reader.lastSeq() - reader.settledSeq() >= UNSETTLED_EVENTS;
}

/**
 * Until when somebody is known to have watched, where that is not told by an event: null while a recorder of this very host is at work. A
 * log that was brought from elsewhere speaks of its host up to its last event, and of nothing after that.
 */
function lapsedAt(reader: Reader, partition: Partition, now: number): number | null {
  const own = reader.identity();
  const isOwn = own.tenantId === partition.tenantId && own.host === partition.host;
  if (isOwn && liveRecorder(reader) !== null) return null;
  const lease = isOwn ? reader.lease() : null;
  if (lease !== null) return reader.lastWordUs(lease, now);
  return lastSignUs(reader, partition);
}

/** The last that collectors stated, as the next writer dates the end of a watch that no lease vouches for: what operators do needs nobody who watches. */
function lastSignUs(reader: Reader, partition: Partition): number | null {
  let newestUs: number | null = null;
  for (const { source, recordedAtUs } of reader.events({
    ...partition,
    newestFirst: true,
    limit: LAST_SIGNS,
  })) {
    newestUs ??= recordedAtUs;
    if (source !== "operator") return recordedAtUs;
  }
  return newestUs;
}

/** An operator is not expected to have done more than this since a recorder of this log last wrote. */
const LAST_SIGNS = 1000;

/** The past as this log knew it when `seq` had just been written: what arrived later does not count. */
export function openPastAsRecorded(reader: Reader, partition: Partition, seq: number, nowUs: number): Past {
  const known = { ...watchBelieved(reader, partition, seq, nowUs), nowUs };
  const whole = () => pastThen(reader, partition, seq, known);
  if (!isKept(reader)) return whole();
  const view = reader.kept(partition, openChronicleView);
  const { names } = openPast(reader, partition, nowUs);
  return pastAsRecorded({ ...partition, ...known, view, seq, names, whole });
}

/** The past by what was written up to an event: the log is folded again up to there, and at no time held in memory. */
function pastThen(
  { path }: Reader,
  partition: Partition,
  seq: number,
  known: Pick<KeptPastInput, "lapsedAtUs" | "logEnds" | "provenAtUs" | "nowUs">,
  fold = openChronicleThen,
): Past {
  return keptPast({
    ...partition,
    ...known,
    ...fold(path, partition, { projections, chronicle }, seq),
  });
}

/** What a lease said then of who watches; the log itself says nothing of renewals. */
interface Believed {
  /** Since when nobody was taken to watch any longer; null: somebody was, or the log itself says that nobody is. */
  readonly lapsedAtUs: number | null;
  /** Until when the recorder had proved to be at work, where it had not since; null: it was, for all that is known. */
  readonly provenAtUs: number | null;
}

const AS_TOLD: Believed = { lapsedAtUs: null, provenAtUs: null };

/**
 * A recorder that had fallen silent by then, told only by a later writer: its lease, which every `ps` looks at, knew all the same. As told
 * where it was at work, or had said that it stops.
 */
function watchBelieved(reader: Reader, partition: Partition, seq: number, nowUs: number): Believed {
  const types = ["recorder.started", "recorder.stopped", "recorder.lapsed"];
  const [next] = reader.events({ ...partition, types, afterSeq: seq, limit: 1 });
  const [last] = reader.events({ ...partition, types, beforeSeq: seq + 1, newestFirst: true, limit: 1 });
  if (last?.type !== "recorder.started") return AS_TOLD;
  if (next === undefined) return believedToday(reader, partition, nowUs);
  if (next.type !== "recorder.lapsed") return AS_TOLD;
  const { pid, lastAliveUs } = next.payload as PayloadOf<"recorder.lapsed">;
  const [start] = reader.events({ ...partition, types: ["recorder.started"], afterSeq: next.seq, limit: 1 });
  const silentSinceUs = silentSince(start, pid);
  return silentSinceUs === null ? ended(lastAliveUs, nowUs) : stoodStill(silentSinceUs, lastAliveUs, nowUs);
}

/** Nobody has written since how the watch ended, or that it goes on: the lease is still there. */
function believedToday(reader: Reader, partition: Partition, nowUs: number): Believed {
  const own = reader.identity();
  const isOwn = own.tenantId === partition.tenantId && own.host === partition.host;
  const lease = isOwn ? reader.lease() : null;
  if (lease !== null && isHolderAlive(lease))
    return stoodStill(lease.lastAliveUs, reader.lastWordUs(lease, nowUs), nowUs);
  const lapsedAtUs = lapsedAt(reader, partition, nowUs);
  return lapsedAtUs === null ? AS_TOLD : ended(lapsedAtUs, nowUs);
}

/** Its process was gone, which every `ps` saw at once. */
function ended(lastAliveUs: number, nowUs: number): Believed {
  return lastAliveUs > nowUs ? AS_TOLD : { lapsedAtUs: lastAliveUs, provenAtUs: null };
}

/** Its process was there: every `ps` took it to record until its lease, last renewed at `silentSinceUs`, had run out. */
function stoodStill(silentSinceUs: number, lastAliveUs: number, nowUs: number): Believed {
  if (nowUs <= silentSinceUs) return AS_TOLD;
  if (nowUs - silentSinceUs <= LEASE_US) return { lapsedAtUs: null, provenAtUs: silentSinceUs };
  return { lapsedAtUs: lastAliveUs, provenAtUs: null };
}

/** When the recorder that was taken to have ended had last renewed its lease, as it says itself where it goes on. */
function silentSince(start: StoredEvent | undefined, pid: number | null): number | null {
  const said = start?.payload as PayloadOf<"recorder.started"> | undefined;
  return said?.pid === pid ? (said.silentSinceUs ?? null) : null;
}
