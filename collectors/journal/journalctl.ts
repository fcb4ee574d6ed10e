import { type Ended, runProgram } from "../spawn.ts";
import { ASKED_FIELDS, parseEntry } from "./entry.ts";
import { EXEC_FAILED_MESSAGE_ID, MANAGER_UNIT } from "./lifecycle.ts";
import { type Position, positionTimeUs } from "./position.ts";

export interface Journalctl {
  /** Default `journalctl`, found on the PATH of the environment. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly deadlineMs: number;
}

/**
 * How far a reading goes: over all boots to where the journal ends, or on as it grows. Since systemd 250 `--follow` implies `--boot`, and up to 253
 * no option takes that back (`--merge` does, and brings the journals of other machines): a follower begins with this boot, whatever its cursor says.
 */
export type Reach = "follow" | "to-the-end";

/** A clock that stands a little behind its own past (it is read in milliseconds) makes no cursor one from the future. */
const CLOCK_TOLERANCE_US = 50_000;

/**
 * The arguments that read on from a position. The matches never change: a cursor is only good with the filter it came from.
 * Not `--user`, which opens only `user-<uid>.journal` and so shows nothing, without a word, to root, to system users and
 * to members of `systemd-journal` on a volatile journal; `_UID=` finds the same entries wherever we may read them.
 */
export function journalctlArgs(from: Position, uid: number, how: Reach): string[] {
  const place = from.at === "entry" ? `--cursor=${from.cursor}` : `--since=${secondsText(from.sinceUs)}`;
  const common = [
    "--output=json",
    `--output-fields=${ASKED_FIELDS.join(",")}`,
    "--no-pager",
    "--quiet",
    place,
  ];
  // --follow alone would show ten of the waiting entries and keep the others back until a new one is written.
  return [...common, ...(how === "follow" ? ["--follow", "--no-tail"] : []), ...journalMatches(uid)];
}

/** The manager's own lines, so that a chatty agent costs nothing here, and the one line that a failing child writes. */
export function journalMatches(uid: number): string[] {
  const own = `_UID=${uid}`;
  return [own, `_SYSTEMD_USER_UNIT=${MANAGER_UNIT}`, "+", own, `MESSAGE_ID=${EXEC_FAILED_MESSAGE_ID}`];
}

export type Probe =
  | { readonly state: "readable" }
  /** Reading cannot go on from this position; nothing can be said of what came after it. */
  | { readonly state: "lost"; readonly reason: "bad-cursor" | "future-cursor" }
  | { readonly state: "unavailable"; readonly reason: string };

/**
 * Whether the journal can be read from this position (about 5 ms). Asked before following, because a follower says nothing
 * of an empty journal and waits for ever behind a cursor from the future.
 */
export async function probeJournal(
  journalctl: Journalctl,
  from: Position,
  nowUs: number,
  signal: AbortSignal,
): Promise<Probe> {
  const place = from.at === "entry" ? [`--cursor=${from.cursor}`, "--lines=1"] : ["--lines=0"];
  // Without --quiet: "No journal files were found" is said on stderr only, with exit code 0.
  const args = ["--output=json", "--output-fields=MESSAGE_ID", "--no-pager", ...place];
  const finished = await runProgram({
    program: journalctl.program,
    args: [...args, ...journalMatches(journalctl.uid)],
    env: journalctl.env,
    deadlineMs: journalctl.deadlineMs,
    signal,
  });
  if (finished.timedOut) {
    const reason = `${journalctl.program} did not answer within ${journalctl.deadlineMs} ms`;
    return { state: "unavailable", reason };
  }
  if (isSeekFailure(finished)) return { state: "lost", reason: "bad-cursor" };
  const trouble = journalTrouble(journalctl.program, finished);
  if (trouble !== null) return { state: "unavailable", reason: trouble };
  if (positionTimeUs(from) <= nowUs + CLOCK_TOLERANCE_US) return { state: "readable" };
  // A clock that was set back leaves cursors from its future behind. Where their entry is in the journal, reading goes on
  // from it by sequence number; anything else would wait until the clock gets there.
  const first = parseEntry(finished.stdout.split("\n")[0] ?? "");
  const found = from.at === "entry" && first.ok && first.entry.cursor === from.cursor;
  return found ? { state: "readable" } : { state: "lost", reason: "future-cursor" };
}

/** A cursor that journalctl cannot parse. */
export function isSeekFailure(ended: Ended): boolean {
  return ended.code !== 0 && ended.stderr.includes("Failed to seek to cursor");
}

/** Why the journal is not read, in a sentence an operator can act on; null where nothing is wrong. */
export function journalTrouble(program: string, ended: Ended): string | null {
  if (ended.missing) return `${program} is not installed, so what systemd logs about units is not read`;
  if (ended.startError !== null) return `${program} cannot be run: ${ended.startError}`;
  if (ended.stderr.includes("insufficient permissions"))
    return (
      "this user may not read the journal: a volatile one (/run/log/journal) has no files of its own for each user. " +
      "Make it persistent (mkdir /var/log/journal, then journalctl --flush) or add the user to the group systemd-journal"
    );
  if (ended.stderr.includes("No journal files were found"))
    return "there is no journal: journald does not run here or stores nothing";
  if (ended.code === 0) return null;
  const how = ended.code === null ? `was ended by ${ended.signal}` : `ended with ${ended.code}`;
  const said = ended.stderr.trim().split("\n")[0] ?? "";
  return said === "" ? `${program} ${how}` : `${program} ${how}: ${said.slice(0, 400)}`;
}

/** Our environment without what changes journalctl's output. */
export function journalctlEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !name.startsWith("SYSTEMD_")) env[name] = value;
  }
  return { ...env, LC_ALL: "C" };
}

/** `@1795258092.242350`: seconds since the epoch as systemd.time(7) takes them. */
function secondsText(us: number): string {
  return `@${Math.floor(us / 1_000_000)}.${String(us % 1_000_000).padStart(6, "0")}`;
}
