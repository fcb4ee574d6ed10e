import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClock } from "../../../cli/clock.ts";
import { runProgram } from "../../../cli/program.ts";
import { bootId, readProcess } from "../../../collectors/proc/stat.ts";
import { chronicle } from "../../../query/history/chronicler.ts";
import { derive, projections } from "../../../query/planes/all.ts";
import type { Snapshot } from "../../../store/events/snapshot.ts";
import type { LeaseHolder } from "../../../store/lease.ts";
import { type Log, openLog } from "../../../store/log.ts";
import {
  beatLook,
  paneSeen,
  processLook,
  rosterLook,
  SOCKET,
  systemdLook,
  tmuxLook,
} from "../../support/looks.ts";
import { catchOutput } from "./output.ts";

/** A state directory whose log was written by hand: what a recorder saw of three agents. No collector runs. */
export interface SeededFleet {
  readonly home: string;
  readonly environment: Record<string, string>;
  readonly log: Log;
  look(snapshot: Snapshot): void;
  /** Makes this very process the live recorder of the log. */
  record(): void;
  run(...argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }>;
  close(): void;
}

export const clock = createClock();

/** This process, as a recorder would sign itself. */
export function thisProcess(): LeaseHolder {
  const pidStart = readProcess(process.pid)?.startTicks ?? null;
  return { pid: process.pid, pidStart, bootId: bootId(), version: "test" };
}

export function seedFleet(): SeededFleet {
  const home = mkdtempSync(join(tmpdir(), "fleet-cli-"));
  const state = join(home, "state");
  mkdirSync(state, { mode: 0o700 });
  const environment = { HOME: home, FLEET_STATE: state, PATH: process.env.PATH ?? "" };
  const identity = { tenantId: "jarvis", host: "W-jarvis", machineId: null };
  const log = openLog({ path: join(state, "fleet.db"), identity, clock, projections, chronicle, derive });
  const look = (snapshot: Snapshot): void => {
    const appended = log.append({ source: snapshot.source, snapshot });
    if (!appended.ok) throw new Error(appended.reason);
  };
  const now = () => clock.nowUs();
  look(
    rosterLook(now(), { coder0: {}, "canary-pi": {}, reviewer: { class: "reviewer", runtime: "claude" } }),
  );
  look(tmuxLook(now(), [paneSeen("coder0", 1), paneSeen("canary-pi", 2), paneSeen("stray", 3)]));
  look(
    systemdLook(now(), {
      "mosaic-agent@coder0.service": { fileState: "enabled", killMode: "process" },
      "mosaic-agent@canary-pi.service": {},
      "mosaic-agent@reviewer.service": { active: "inactive", sub: "dead" },
    }),
  );
  look(beatLook(now(), "coder0", now() - 1e6));
  look(beatLook(now(), "canary-pi", now() - 2e6, { status: "busy" }));
  look(
    processLook(now(), [
      { agent: "coder0", pane: "%1", panePid: 1001, name: "pi" },
      { agent: "canary-pi", pane: "%2", panePid: 1002, name: "dogfood-agent.py" },
    ]),
  );
  return {
    home,
    environment,
    log,
    look,
    record() {
      const claimed = log.claimLease(thisProcess(), () => true);
      if (!claimed.ok) throw new Error("the lease is held");
      const scopes = [
        ["roster", ""],
        ["tmux", SOCKET],
        ["process", ""],
        ["systemd", ""],
        ["journal", ""],
        ["heartbeat", ""],
      ] as const;
      for (const [source, scope] of scopes) {
        const event = {
          agent: null,
          source: "recorder",
          occurredAtUs: clock.nowUs(),
          precision: "us",
        } as const;
        const payload = { source, scope };
        log.append({
          source: "recorder",
          events: [{ ...event, type: "recorder.source.started", payload }],
        });
        log.append({ source, observed: { scope, atUs: clock.nowUs() } });
      }
    },
    async run(...argv) {
      const output = catchOutput(120);
      const exit = await runProgram(argv, { output, environment });
      return { exit, stdout: output.printed(), stderr: output.complained() };
    },
    close() {
      log.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
