import { type Finished, runProgram } from "../spawn.ts";
import {
  type ListedUnit,
  parseListUnits,
  parseShow,
  SHOWN_PROPERTIES,
  type UnitState,
  unitFromBlock,
} from "./show.ts";

/** What was asked for, or in one sentence why the manager did not say. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** The questions asked of the user's service manager. There is no other verb here: observation is read-only. */
export interface Systemctl {
  /** The loaded units of these patterns and names, whatever their state (about 6 ms, also for hundreds). */
  list(patterns: readonly string[]): Promise<Answer<ListedUnit[]>>;
  /** The whole state of these units. Loaded ones cost 1.3 ms each; the others are loaded and dropped, 3 ms each. */
  show(units: readonly string[]): Promise<Answer<UnitState[]>>;
  /** What the unit files and links on disk say now: `enabled`, `disabled`, ... Reads the disk, so it knows hand-made links. */
  isEnabled(unit: string): Promise<Answer<string>>;
  /** The manager's own version (`252.38-1~deb12u1`). */
  version(): Promise<Answer<string>>;
}

export interface SystemctlOptions {
  /** Default `systemctl`, found on the PATH of `environment`. */
  readonly program?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `/run/user/<uid>`: a recorder started by cron or over ssh may have no XDG_RUNTIME_DIR of its own. */
  readonly runtimeDirectory: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** Arguments are limited to 2 MiB in all and systemctl's own work to its deadline: hundreds of units go in several calls. */
const UNITS_PER_CALL = 200;

export function createSystemctl(options: SystemctlOptions): Systemctl {
  const program = options.program ?? "systemctl";
  const env = systemctlEnvironment(options.environment, options.runtimeDirectory);
  const run = async (args: readonly string[]): Promise<Finished> =>
    runProgram({
      program,
      args: ["--user", "--no-pager", ...args],
      env,
      deadlineMs: options.deadlineMs,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  const ask = async (args: readonly string[]): Promise<Answer<string>> => {
    const finished = await run(args);
    if (finished.code === 0) return { ok: true, value: finished.stdout };
    return { ok: false, reason: failure(program, finished, options.deadlineMs) };
  };

  return {
    async list(patterns) {
      // A pattern is matched by fnmatch, to which the backslash of an escaped unit name would be an escape of its own.
      const escaped = patterns.map((pattern) => pattern.replaceAll("\\", "\\\\"));
      const answer = await ask(["list-units", "--all", "--output=json", "--", ...escaped]);
      if (!answer.ok) return answer;
      const units = parseListUnits(answer.value);
      if (units === null)
        return { ok: false, reason: `${program} list-units did not print its list as JSON` };
      return { ok: true, value: units };
    },

    async show(units) {
      const shown: UnitState[] = [];
      for (let from = 0; from < units.length; from += UNITS_PER_CALL) {
        const some = units.slice(from, from + UNITS_PER_CALL);
        const properties = SHOWN_PROPERTIES.join(",");
        const answer = await ask(["show", "--timestamp=us+utc", "-p", properties, "--", ...some]);
        if (!answer.ok) return answer;
        for (const block of parseShow(answer.value)) {
          const parsed = unitFromBlock(block);
          if (!parsed.ok) return parsed;
          shown.push(parsed.unit);
        }
      }
      return { ok: true, value: shown };
    },

    async isEnabled(unit) {
      const finished = await run(["is-enabled", "--", unit]);
      // It ends with 1 for every state that is not enabled; the word is the answer.
      const word = finished.stdout.trim();
      if (finished.code !== null && /^[a-z-]{1,40}$/.test(word)) return { ok: true, value: word };
      return { ok: false, reason: failure(program, finished, options.deadlineMs) };
    },

    async version() {
      const answer = await ask(["show", "-p", "Version"]);
      if (!answer.ok) return answer;
      const version = parseShow(answer.value)[0]?.get("Version") ?? "";
      if (version === "") return { ok: false, reason: `${program} show states no Version` };
      return { ok: true, value: version.slice(0, 256) };
    },
  };
}

/** Our own environment with the manager's runtime directory, and nothing that changes what systemctl prints. */
function systemctlEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  runtimeDirectory: string,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !name.startsWith("SYSTEMD_")) env[name] = value;
  }
  return { ...env, XDG_RUNTIME_DIR: runtimeDirectory, LC_ALL: "C", TZ: "UTC", SYSTEMD_COLORS: "0" };
}

/** Why there is no answer: what is missing, else what systemctl said of it. Never read as "inactive". */
function failure(program: string, finished: Finished, deadlineMs: number): string {
  if (finished.missing) return `${program} is not installed, so nothing is known about units`;
  if (finished.startError !== null) return `${program} cannot be run: ${finished.startError}`;
  if (finished.timedOut) return `the user manager did not answer ${program} within ${deadlineMs} ms`;
  if (finished.overflowed) return `${program} printed more than can be read`;
  if (finished.aborted) return `${program} was ended by us`;
  const said = finished.stderr.trim().split("\n")[0] ?? "";
  const ended = finished.code === null ? `was ended by ${finished.signal}` : `ended with ${finished.code}`;
  return said === "" ? `${program} ${ended} and said nothing` : `${said.slice(0, 400)} (${program} ${ended})`;
}
