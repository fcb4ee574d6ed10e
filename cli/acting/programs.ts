import { type Finished, runProgram } from "../../collectors/spawn.ts";
import { FleetError } from "../../store/errors.ts";
import type { Account, Variables } from "../environment.ts";

/** A stop may take as long as the unit allows it to (30 s), and a little more. */
const DEADLINE_MS = 60_000;

/** Runs a program by its words, in the caller's own environment and with the way to the user's service manager. */
export type RunWords = (words: readonly string[], deadlineMs?: number) => Promise<Finished>;

export function createRunner(variables: Variables, account: Account): RunWords {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) env[name] = value;
  env.PATH ??= "/usr/local/bin:/usr/bin:/bin";
  env.HOME = account.home;
  env.XDG_RUNTIME_DIR ||= `/run/user/${account.uid}`;
  env.LC_ALL = "C.UTF-8";
  env.SYSTEMD_COLORS = "0";
  return ([program = "", ...args], deadlineMs = DEADLINE_MS) =>
    runProgram({ program, args, env, deadlineMs });
}

/** Why a program did not do what it was to do, in one sentence. */
export function failureOf(words: readonly string[], finished: Finished): string {
  const [program = ""] = words;
  if (finished.missing) return `${program} is not installed`;
  if (finished.startError !== null) return `${program} cannot be run: ${finished.startError}`;
  if (finished.timedOut) return `${words.join(" ")} did not end in time`;
  const said = finished.stderr.trim() || finished.stdout.trim();
  const how = finished.code === null ? `was ended by ${finished.signal}` : `ended with ${finished.code}`;
  return `${words.join(" ")} ${how}${said === "" ? "" : `: ${said.split("\n").slice(0, 3).join("; ")}`}`;
}

/** Runs it and throws where it fails. */
export async function mustRun(run: RunWords, words: readonly string[], hint: string): Promise<string> {
  const finished = await run(words);
  if (finished.code === 0) return finished.stdout;
  throw new FleetError("unavailable", failureOf(words, finished), { hint });
}
