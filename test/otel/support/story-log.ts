import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { derive, projections } from "../../../query/planes/all.ts";
import type { FleetEvent } from "../../../store/events/catalogue.ts";
import type { NewEvent } from "../../../store/events/envelope.ts";
import type { Snapshot } from "../../../store/events/snapshot.ts";
import { type Log, openLog } from "../../../store/log.ts";
import { openReader, type Reader } from "../../../store/reader.ts";
import {
  beatLook,
  paneSeen,
  processLook,
  rosterLook,
  SOCKET,
  systemdLook,
  tmuxLook,
} from "../../support/looks.ts";

export const S = 1_000_000;

/** A real log in a state directory of its own, written by hand in seconds after `beginUs`: what a recorder would have written then. */
export interface StoryLog {
  readonly home: string;
  readonly state: string;
  readonly path: string;
  readonly log: Log;
  at(second: number): number;
  look(second: number, snapshot: Snapshot): void;
  tell(second: number, event: Pick<NewEvent, "type" | "payload"> & Partial<NewEvent>): void;
  /** A recorder begins: it looks at everything, then says what it watches. */
  record(second: number, ...looks: Snapshot[]): void;
  stop(second: number): void;
  reader(): Reader;
  environment(more?: Record<string, string>): Record<string, string>;
  remove(): void;
}

export const WATCHED = [
  { source: "tmux", scope: SOCKET },
  { source: "systemd", scope: "" },
  { source: "heartbeat", scope: "" },
  { source: "process", scope: "" },
];

export function createStoryLog(beginUs: number): StoryLog {
  const home = mkdtempSync(join(tmpdir(), "fleet-mirror-"));
  const state = join(home, "state");
  mkdirSync(state, { mode: 0o700 });
  const path = join(state, "fleet.db");
  let nowUs = beginUs;
  const clock = { nowUs: () => nowUs };
  const identity = { tenantId: "jarvis", host: "W-jarvis", machineId: null };
  const log = openLog({ path, identity, clock, projections, derive });
  const readers: Reader[] = [];
  const at = (second: number) => beginUs + Math.round(second * S);
  const look: StoryLog["look"] = (second, snapshot) => {
    nowUs = Math.max(nowUs, at(second));
    const appended = log.append({ source: snapshot.source, snapshot });
    if (!appended.ok) throw new Error(appended.reason);
  };
  const tell: StoryLog["tell"] = (second, event) => {
    nowUs = Math.max(nowUs, at(second));
    const base = { agent: null, source: "recorder", occurredAtUs: at(second), precision: "us" } as const;
    const told = { ...base, ...event } as FleetEvent;
    log.append({ source: told.source, events: [told] });
  };
  return {
    home,
    state,
    path,
    log,
    at,
    look,
    tell,
    record(second, ...looks) {
      tell(second, { type: "recorder.started", payload: { pid: 1, pidStart: 1, bootId: "b", version: "1" } });
      for (const snapshot of looks) look(second, snapshot);
      for (const payload of WATCHED) tell(second, { type: "recorder.source.started", payload });
    },
    stop: (second) => tell(second, { type: "recorder.stopped", payload: { pid: 1, reason: "SIGTERM" } }),
    reader() {
      const reader = openReader(path);
      readers.push(reader);
      return reader;
    },
    environment: (more = {}) => ({
      HOME: home,
      FLEET_STATE: state,
      FLEET_HOST: "W-jarvis",
      PATH: process.env.PATH ?? "",
      ...more,
    }),
    remove() {
      for (const reader of readers) reader.close();
      log.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Agents that die and come back every minute, one after the other: each flap is some four spans. */
export function flapping(story: StoryLog, agents: number, flaps: number): void {
  const names = Array.from({ length: agents }, (_, n) => `a${n}`);
  const roster = Object.fromEntries(names.map((name) => [name, {}]));
  const units = Object.fromEntries(names.map((name) => [`mosaic-agent@${name}.service`, {}]));
  const panes = (second: number, flap: number, dead: boolean) =>
    names.map((name, n) => {
      const pid = 1000 + flap * agents + n;
      const life = { pid, incarnation: `11111111-${pid}-1`, startedAtUs: story.at(flap * 60) };
      return paneSeen(name, n + 1, dead ? { ...life, dead, signal: 9, diedAtUs: story.at(second) } : life);
    });
  story.look(0, rosterLook(story.at(0), roster));
  story.record(0, tmuxLook(story.at(0), panes(0, 0, false)), systemdLook(story.at(0), units));
  for (let flap = 0; flap < flaps; flap++) {
    const second = flap * 60;
    if (flap > 0) story.look(second, tmuxLook(story.at(second), panes(second, flap, false)));
    const programs = names.map((agent, n) => ({
      agent,
      pane: `%${n + 1}`,
      panePid: 1000 + flap * agents + n,
      name: n % 2 ? "pi" : "python3",
    }));
    story.look(second + 1, processLook(story.at(second + 1), programs));
    for (const [n, name] of names.entries())
      story.look(
        second + 5,
        beatLook(story.at(second + 5), name, story.at(second + 5), { pid: 1000 + flap * agents + n }),
      );
    story.look(second + 30, tmuxLook(story.at(second + 30), panes(second + 30, flap, true)));
  }
  story.stop(flaps * 60);
}
