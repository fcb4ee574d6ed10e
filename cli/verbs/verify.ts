import { FleetError } from "../../store/errors.ts";
import { type Verified, verifyLog } from "../../store/verify.ts";
import { has, type Invocation, textOf, type Words } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { type Progress, progressOf } from "../progress.ts";
import { formatDuration } from "../render/duration.ts";
import { visible } from "../render/text.ts";

/** `fleet verify`: is the log what was written? */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const expected = expectedOf(invocation);
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  const { tenantId, host } = reader.identity();
  const { logId } = reader;
  const last = reader.lastSeq();
  reader.close();
  const begunMs = performance.now();
  const progress = progressOf(invocation, last);
  const verified = verify(here.places.database, progress, expected);
  const seconds = (performance.now() - begunMs) / 1000;
  if (has(invocation, "json")) {
    const document = {
      schema: "fleet.verify.v1",
      tenant_id: tenantId,
      host,
      log_id: logId,
      state: verified.ok ? "whole" : "damaged",
      events: verified.ok ? verified.events : null,
      batches: verified.ok ? verified.batches : null,
      last_seq: verified.ok ? verified.lastSeq : null,
      digest: verified.ok ? verified.digest : null,
      first_bad: verified.ok
        ? null
        : { from_seq: verified.fromSeq, to_seq: verified.toSeq, problem: verified.problem },
      seconds: Math.round(seconds * 1000) / 1000,
    };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    output.print(
      verified.ok
        ? wholeText(verified, seconds)
        : verified.unexpected
          ? unexpectedText(verified)
          : damagedText(verified, here.places.database),
    );
  }
  return verified.ok ? EXIT.done : EXIT.failed;
}

function verify(database: string, progress: Progress, expected: Expected | undefined): Verified {
  try {
    return verifyLog(database, {
      progress: progress.reached,
      ...(expected === undefined ? {} : { expected }),
    });
  } finally {
    progress.end();
  }
}

interface Expected {
  readonly seq: number;
  readonly digest: string;
}

function expectedOf(words: Words): Expected | undefined {
  const text = textOf(words, "expect");
  if (text === undefined) return undefined;
  const match = /^#?(\d{1,15}):([0-9a-f]{64})$/i.exec(text);
  if (match !== null) return { seq: Number(match[1]), digest: (match[2] ?? "").toLowerCase() };
  throw new FleetError(
    "usage",
    `--expect ${JSON.stringify(text)}: expected a place in the log and its digest, like 1234:3fa9… (64 hex digits)`,
    { hint: "`fleet verify` prints both." },
  );
}

function wholeText(whole: Extract<Verified, { ok: true }>, seconds: number): string {
  const { events, batches, lastSeq, digest } = whole;
  if (events === 0) return "The log is whole: it holds no event yet.\n";
  return [
    `The log is whole: ${events} events in ${batches} commits are what was written (${formatDuration(seconds)}).`,
    `Keep this elsewhere, and --expect it later: ${lastSeq}:${digest}`,
    "",
  ].join("\n");
}

/** Nothing in the log speaks against it: what was expected may be wrong, or all of the log was written anew. */
function unexpectedText({ problem }: Extract<Verified, { ok: false }>): string {
  return [
    `This is not the log that the digest was printed for: ${visible(problem)}.`,
    "  Nothing that was read is damaged in itself. A copy made by export and import is a log of its own, with digests of its own: hold it against those.",
    "  If this very log printed that digest, its past has been rewritten since: keep a copy of it, then restore a backup.",
    "",
  ].join("\n");
}

function damagedText(found: Extract<Verified, { ok: false }>, path: string): string {
  const { fromSeq, toSeq, problem, archived } = found;
  const where = fromSeq === toSeq ? `at #${fromSeq}` : `between #${fromSeq} and #${toSeq}`;
  const before =
    fromSeq > 1 ? [`Everything before #${fromSeq} is what was written; what follows was not checked.`] : [];
  return [
    `The log is damaged ${where}: ${visible(problem)}.`,
    ...before,
    archived
      ? "  The recorder may go on: put that file back from a backup and run this again. `fleet archive --list` names what else is lost."
      : `  Stop the recorder and keep a copy of ${visible(path)} and its -wal before anything else; then restore a backup.`,
    "",
  ].join("\n");
}
