import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { runProgram } from "../../../cli/program.ts";
import { chronicle } from "../../../query/history/chronicler.ts";
import { derive, projections } from "../../../query/planes/all.ts";
import type { NewEvent } from "../../../store/events/envelope.ts";
import type { Snapshot } from "../../../store/events/snapshot.ts";
import { openLog } from "../../../store/log.ts";
import {
  beatLook,
  paneSeen,
  rosterLook,
  SOCKET,
  sampleTaken,
  systemdLook,
  tmuxLook,
} from "../../support/looks.ts";
import { catchOutput } from "./output.ts";
import { thisProcess } from "./seeded-fleet.ts";

/** When the story begins. */
export const EVENING = Date.parse("2026-06-20T20:00:00Z") * 1000;

/** A state directory with the log of an evening that was written by hand, in seconds after its beginning, and a `now` to ask it from. */
export interface SeededPast {
  readonly environment: Record<string, string>;
  look(second: number, snapshot: Snapshot): void;
  tell(second: number, event: Pick<NewEvent, "type" | "payload"> & Partial<NewEvent>): void;
  /** A recorder takes over: it looks, then says what it watches. */
  record(second: number, ...looks: Snapshot[]): void;
  stop(second: number): void;
  /** One look of everything without a recorder, after which it is asked. */
  sample(second: number, ...looks: Snapshot[]): void;
  beats(agent: string, from: number, to: number, everySeconds?: number): void;
  /** From now on `Date.now` says so. */
  now(second: number): void;
  run(...argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }>;
  json<T>(...argv: string[]): Promise<T>;
  close(): void;
}

export function at(second: number): number {
  return EVENING + second * 1e6;
}

export function seedPast(width: number | null = 120): SeededPast {
  const home = mkdtempSync(join(tmpdir(), "fleet-past-"));
  const state = join(home, "state");
  mkdirSync(state, { mode: 0o700 });
  const environment = { HOME: home, FLEET_STATE: state, PATH: process.env.PATH ?? "" };
  let nowUs = EVENING;
  // A clock that stands still keeps the lease alive without renewals.
  const clock = { nowUs: () => nowUs, monotonicUs: () => 1e6 };
  const identity = { tenantId: "jarvis", host: "W-jarvis", machineId: null };
  const log = openLog({ path: join(state, "fleet.db"), identity, clock, projections, chronicle, derive });
  const tell: SeededPast["tell"] = (second, event) => {
    nowUs = at(second);
    const whole = {
      agent: null,
      source: "recorder",
      occurredAtUs: nowUs,
      precision: "us",
      ...event,
    } as NewEvent;
    log.append({ source: whole.source, events: [whole] });
  };
  const look: SeededPast["look"] = (second, snapshot) => {
    nowUs = at(second);
    const appended = log.append({ source: snapshot.source, snapshot });
    if (!appended.ok) throw new Error(appended.reason);
  };
  const zone = process.env.TZ;
  process.env.TZ = "UTC";
  vi.useFakeTimers({ toFake: ["Date"], now: EVENING / 1000 });
  const now: SeededPast["now"] = (second) => void vi.setSystemTime(at(second) / 1000);
  const run: SeededPast["run"] = async (...argv) => {
    const output = catchOutput(width);
    const exit = await runProgram(argv, { output, environment });
    return { exit, stdout: output.printed(), stderr: output.complained() };
  };
  return {
    environment,
    look,
    tell,
    record(second, ...looks) {
      nowUs = at(second);
      const claimed = log.claimLease(thisProcess(), () => false);
      if (!claimed.ok) throw new Error("the lease is held");
      for (const snapshot of looks) look(second, snapshot);
      for (const [source, scope] of WATCHED)
        tell(second, { type: "recorder.source.started", payload: { source, scope } });
    },
    stop(second) {
      nowUs = at(second);
      log.renewLease();
      log.releaseLease("SIGTERM");
    },
    sample(second, ...looks) {
      for (const snapshot of looks) look(second, snapshot);
      const watched = WATCHED.map(([source, scope]) => ({ source, scope }));
      tell(second, sampleTaken(at(second), watched));
      now(second);
    },
    beats(agent, from, to, everySeconds = 15) {
      for (let second = from; second <= to; second += everySeconds)
        look(second, beatLook(at(second), agent, at(second)));
    },
    now,
    run,
    async json(...argv) {
      const { stdout, stderr } = await run(...argv, "--json");
      if (stderr !== "") throw new Error(stderr);
      return JSON.parse(stdout);
    },
    close() {
      vi.useRealTimers();
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
      log.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

const WATCHED = [
  ["roster", ""],
  ["tmux", SOCKET],
  ["process", ""],
  ["systemd", ""],
  ["journal", ""],
  ["heartbeat", ""],
] as const;

const NAMES = ["coder0", "coder1", "reviewer"] as const;

function panes(over: Partial<Record<(typeof NAMES)[number], Parameters<typeof paneSeen>[2]>> = {}) {
  return NAMES.map((name, index) => paneSeen(name, index + 1, { startedAtUs: at(-60), ...over[name] }));
}

/**
 * The evening: three agents from 20:00 on. coder0 does not beat from 20:10:00 to 20:15:00; coder1's process is killed at 20:20:00;
 * nobody records from 20:30:00 to 20:31:00; the tmux server goes at 20:40:00; it is asked at 21:00:00.
 */
export function seedEvening(width: number | null = 120): SeededPast {
  const past = seedPast(width);
  const killed = { coder1: { dead: true, signal: 9, diedAtUs: at(1200) } };
  const units = Object.fromEntries(NAMES.map((name) => [`mosaic-agent@${name}.service`, {}]));
  const roster = { coder0: {}, coder1: {}, reviewer: { class: "reviewer", runtime: "claude" } };
  past.record(0, rosterLook(at(0), roster), tmuxLook(at(0), panes()), systemdLook(at(0), units));
  const beating = (from: number, to: number, ...agents: string[]) => {
    for (let second = from; second <= to; second += 15)
      for (const agent of agents) past.look(second, beatLook(at(second), agent, at(second)));
  };
  beating(0, 600, "coder0", "coder1", "reviewer");
  beating(615, 885, "coder1", "reviewer");
  beating(900, 1185, "coder0", "coder1", "reviewer");
  past.look(1200, tmuxLook(at(1200), panes(killed)));
  beating(1200, 1800, "coder0", "reviewer");
  past.stop(1800);
  const found = ["coder0", "reviewer"].map((agent) => beatLook(at(1860), agent, at(1855)));
  past.record(1860, tmuxLook(at(1860), panes(killed)), ...found);
  beating(1870, 2390, "coder0", "reviewer");
  past.look(2400, tmuxLook(at(2400), [], { server: null, goneReason: "refused" }));
  past.stop(3599);
  past.now(3600);
  return past;
}

/** A text in which every place of the log that it cites is `[#]`. */
export function withoutSeqs(text: string): string {
  return text.replaceAll(/\[#[\d, #]+\]/g, "[#]");
}
