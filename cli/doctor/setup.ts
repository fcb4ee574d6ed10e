import { readWrittenFile } from "../../agents/apply.ts";
import { AGENT_TEMPLATE } from "../../agents/fleet-spec.ts";
import { readText } from "../../agents/hooks/apply.ts";
import { stateOf } from "../../agents/hooks/plan.ts";
import { HOOKED_RUNTIMES } from "../../agents/hooks/runtimes.ts";
import { askTmux, type TmuxAccess } from "../../collectors/tmux/ask.ts";
import { FLEET_HOOKS, MARKS_COMMANDS, parseMarks } from "../../collectors/tmux/hooks.ts";
import type { TmuxSocket } from "../../collectors/tmux/sockets.ts";
import { type BootOutlook, bootOutlook } from "../../query/boot-promise.ts";
import { psDocument } from "../../query/ps.ts";
import type { AgentRow } from "../../query/row.ts";
import { openReader } from "../../store/reader.ts";
import { memoryOf } from "../acting/lifecycle.ts";
import { findNpmBin } from "../acting/npm-bin.ts";
import { createRunner } from "../acting/programs.ts";
import { fleetSpecOf } from "../acting/spec.ts";
import { nowUs } from "../clock.ts";
import type { Invocation } from "../declaration.ts";
import type { Account, Names, Places } from "../environment.ts";
import { aroundOf } from "../hooks.ts";
import { liveRecorder, readPresent } from "../present.ts";
import { readRosterFile } from "../roster-file.ts";
import { type Finding, ok, warn } from "./finding.ts";
import { checkBoot, checkClock, checkNames, checkRecorderUnit } from "./fleet.ts";
import { checkRuntimes } from "./runtimes.ts";

/** What a roster makes worth checking: programs, hooks of the runtimes, the recorder's unit, the clock, the next boot. */
export async function checkFleet(around: {
  readonly invocation: Invocation;
  readonly account: Account;
  readonly places: Places;
  readonly names: Names;
  readonly sockets: readonly TmuxSocket[];
  readonly tmuxEnvironment: TmuxAccess["environment"];
}): Promise<Finding[]> {
  const { account, places, names } = around;
  const variables = around.invocation.environment;
  const roster = readRosterFile(places.roster);
  const run = createRunner(variables, account);
  const log = presentOf(places.database);
  const clock = await checkClock(run, log?.lastRecordedUs ?? null, nowUs());
  if (!roster?.ok) return [clock];
  const rosterEnvironment = {
    socketName: names.socketOverride,
    heartbeatIntervalSeconds: names.intervalSeconds,
  };
  const spec = fleetSpecOf(roster.roster, { account, places, variables, rosterEnvironment, npmBin: null });
  const used = new Set(spec.agents.map(({ runtime }) => runtime));
  const adapters = HOOKED_RUNTIMES.filter((runtime) => used.has(runtime)).map((runtime): Finding => {
    const { state, path } = stateOf(runtime, aroundOf(around.invocation), readText);
    const check = `hooks ${runtime}`;
    if (state === "installed") return ok(check, path);
    return warn(check, `${state}: its agents cannot say what they do`, `Run: fleet hooks install ${runtime}`);
  });
  const written = readWrittenFile(memoryOf(spec.fleetHome));
  const launches = written[`${spec.unitDirectory}/${AGENT_TEMPLATE}`] !== undefined;
  return [
    ...(await checkRuntimes(spec, run, { npmBin: await findNpmBin(run), launches })),
    ...adapters,
    ...(await checkMarks(around, log?.known != null)),
    await checkRecorderUnit(run),
    clock,
    ...(log?.known ? [checkNames(log.known.agents), checkBoot(log.known.outlook)] : []),
  ];
}

/** What a live recorder knows of the agents and of the next boot, and when the log was last written. */
function presentOf(database: string): {
  readonly lastRecordedUs: number | null;
  readonly known: { readonly agents: readonly AgentRow[]; readonly outlook: BootOutlook[] } | null;
} | null {
  try {
    const reader = openReader(database);
    try {
      const recorder = liveRecorder(reader);
      const lastRecordedUs = reader.event(reader.lastSeq())?.recordedAtUs ?? null;
      if (recorder === null) return { lastRecordedUs, known: null };
      const observer = { state: "recording", sinceUs: recorder.sinceUs } as const;
      const present = readPresent(reader, { nowUs: nowUs(), observer, all: false });
      const known = { agents: psDocument(present).agents, outlook: bootOutlook(present) };
      return { lastRecordedUs, known };
    } finally {
      reader.close();
    }
  } catch {
    // No log, or one that the findings tell about.
    return null;
  }
}

/** Whether a live recorder's hooks are on each server: what lives and dies between two looks is told by them. */
async function checkMarks(
  {
    sockets,
    tmuxEnvironment,
  }: { readonly sockets: readonly TmuxSocket[]; readonly tmuxEnvironment: TmuxAccess["environment"] },
  isRecording: boolean,
): Promise<Finding[]> {
  if (!isRecording) return [];
  const access = { program: "tmux", environment: tmuxEnvironment, deadlineMs: 3000 };
  const found = await Promise.all(
    sockets.map(async ({ name, path }): Promise<Finding[]> => {
      const answer = await askTmux(access, path, MARKS_COMMANDS);
      if (answer.state !== "answered") return [];
      const missing = FLEET_HOOKS.length - parseMarks(answer.stdout).hooks.length;
      const check = `tmux hooks ${name}`;
      if (missing <= 0) return [ok(check, `all ${FLEET_HOOKS.length} are there`)];
      const advice =
        "The recorder puts them back within a minute; if not, see its output: journalctl --user -u fleet-recorder";
      return [warn(check, `${missing} of ${FLEET_HOOKS.length} are missing`, advice)];
    }),
  );
  return found.flat();
}
