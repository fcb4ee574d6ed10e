import { existsSync } from "node:fs";
import { archiveDirectory, type SegmentRow } from "../../store/archive/archive.ts";
import { archiveLog, monthsBefore } from "../../store/archive/archive-log.ts";
import { type CheckedFile, checkFiles } from "../../store/archive/check-files.ts";
import { FleetError } from "../../store/errors.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { progressOf } from "../progress.ts";
import { formatDuration } from "../render/duration.ts";
import { formatMoment, isoMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";
import { momentOf, refuseLater } from "../select-events.ts";

/** `fleet archive`: closed months out of the database, into files that every verb goes on to read. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const now = nowUs();
  const before = momentOf(invocation, "before", now);
  if (before?.kind === "seq")
    throw new FleetError("usage", "--before takes a moment: months are archived, not single events", {
      hint: "`fleet archive --before 60d`, for example.",
    });
  if (before === null && !has(invocation, "list"))
    throw new FleetError("usage", "nothing says which months are to be archived", {
      hint: "Give --before TIME (60d, 2026-06-01), or --list what was archived.",
    });
  // The months up to now could be meant, or a year was mistyped: what moves half a year of the log is not guessed.
  refuseLater(before, now, "now", "before");
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  const { tenantId, host } = reader.identity();
  const last = reader.lastSeq();
  reader.close();
  const { database } = here.places;
  const say = (document: Record<string, unknown>, text: string): number => {
    const whole = { schema: "fleet.archive.v1", tenant_id: tenantId, host, ...document };
    output.print(has(invocation, "json") ? `${JSON.stringify(whole, null, 2)}\n` : text);
    return EXIT.done;
  };

  const files = checkFiles(database);
  tellOfLost(files, output);
  if (before === null) {
    const directory = archiveDirectory(database);
    const segments = files.map((file) => ({
      ...segmentJson(file.segment),
      is_there: existsSync(`${directory}/${file.segment.file}`),
      problem: file.lost?.message ?? null,
    }));
    return say({ directory, segments }, listText(files, directory));
  }
  const beforeUs = before.atUs;
  const months = monthsBefore(database, beforeUs);
  const events = months.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0);
  const found = months.map(({ month, firstSeq, lastSeq }) => ({
    month,
    from_seq: firstSeq,
    to_seq: lastSeq,
  }));
  if (has(invocation, "dry-run") || months.length === 0)
    return say(
      { months: found, events, segments: 0, bytes: 0, done: false },
      months.length === 0
        ? `Nothing to archive: in the database there is nothing of a month that had ended by ${formatMoment(beforeUs)}, but for the newest commit, ` +
            "which always stays (an import is one commit).\n"
        : months
            .map(({ month, firstSeq, lastSeq }) => `${month}  #${firstSeq} to #${lastSeq}\n`)
            .concat(`${count(events, "event")} would be archived.\n`)
            .join(""),
    );

  const progress = progressOf(invocation, last);
  const begunMs = performance.now();
  const archived = (() => {
    try {
      return archiveLog({
        path: database,
        beforeUs,
        nowUs,
        recorded: ({ lastSeq }) => {
          progress.reached(lastSeq);
          return true;
        },
      });
    } finally {
      progress.end();
    }
  })();
  const seconds = (performance.now() - begunMs) / 1000;
  return say(
    { months: found, ...archived, done: true, seconds: Math.round(seconds * 1000) / 1000 },
    `Archived ${count(archived.events, "event")} of ${months.map(({ month }) => month).join(", ")} in ${formatDuration(seconds)}: ` +
      `${megabytes(archived.bytes)} in ${count(archived.segments, "file")}, ${perEvent(archived.bytes, archived.events)} an event.\n` +
      "The database keeps its size and fills the space again; `fleet archive --list` names the files.\n",
  );
}

/** Each file that is lost by itself: which it is, what is not known for it, and what to do. */
function tellOfLost(files: readonly CheckedFile[], output: Invocation["output"]): void {
  for (const { lost } of files)
    if (lost !== null) output.complain(`fleet: ${visible(lost.message)}\n  ${visible(lost.hint ?? "")}\n`);
}

function listText(files: readonly CheckedFile[], directory: string): string {
  if (files.length === 0) return "Nothing was archived yet.\n";
  const lines = files.map(({ segment, lost }) => {
    const { file, firstSeq, lastSeq, firstRecordedAtUs, lastRecordedAtUs, bytes } = segment;
    const isThere = existsSync(`${directory}/${file}`);
    const state = lost === null ? "" : isThere ? "  cannot be read" : "  not there";
    const events = lastSeq - firstSeq + 1;
    const days = `${isoMoment(firstRecordedAtUs).slice(0, 10)} to ${isoMoment(lastRecordedAtUs).slice(0, 10)}`;
    return `${file}  #${firstSeq} to #${lastSeq}  ${days}  ${megabytes(bytes)}  ${perEvent(bytes, events)} an event${state}\n`;
  });
  return `${lines.join("")}In ${visible(directory)}.\n`;
}

function segmentJson(segment: SegmentRow): Record<string, unknown> {
  return {
    file: segment.file,
    from_seq: segment.firstSeq,
    to_seq: segment.lastSeq,
    first_recorded_at: isoMoment(segment.firstRecordedAtUs),
    last_recorded_at: isoMoment(segment.lastRecordedAtUs),
    first_occurred_at: isoMoment(segment.firstOccurredAtUs),
    last_occurred_at: isoMoment(segment.lastOccurredAtUs),
    commits: segment.commits,
    bytes: segment.bytes,
    sha256: segment.sha256.toString("hex"),
    digest: segment.digest.toString("hex"),
    archived_at: isoMoment(segment.archivedAtUs),
  };
}

function count(many: number, what: string): string {
  return many === 1 ? `1 ${what}` : `${many} ${what}s`;
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function perEvent(bytes: number, events: number): string {
  return `${(bytes / Math.max(1, events)).toFixed(1)} bytes`;
}
