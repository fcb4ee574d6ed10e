import type { AgentRow } from "../../query/row.ts";
import type { FoldedLog } from "../support/fold.ts";
import { createFoldedLog } from "../support/fold.ts";
import { paneSeen, processLook, rosterLook, systemdLook, tmuxLook } from "../support/looks.ts";
import { rowOf, tableOf } from "../support/table.ts";

export interface FleetAtRest {
  readonly log: FoldedLog;
  /** When it was last looked at. */
  readonly t: number;
  /** The log, at a moment from which it goes on. */
  readonly at: (us: number) => FoldedLog;
  readonly row: (us: number, name?: string, unavailable?: string[]) => AgentRow;
}

/** A fleet of one agent with its launcher and a holder, at rest since t. */
export function fleetAtRest(): FleetAtRest {
  const log = createFoldedLog();
  const t = log.nowUs;
  log.look(
    rosterLook(t, {
      coder0: {},
      _holder: {
        role: "holder",
        runtime: null,
        class: "holder",
        heartbeat: "not-expected",
        unit: "mosaic-tmux-holder.service",
      },
    }),
  );
  log.look(
    systemdLook(t, {
      "mosaic-agent@coder0.service": {},
      "mosaic-tmux-holder.service": { load: "not-found", active: "inactive", sub: "dead", fileState: null },
    }),
  );
  log.look(
    tmuxLook(t, [paneSeen("_holder", 0, { startedAtUs: t }), paneSeen("coder0", 1, { startedAtUs: t })]),
  );
  log.look(processLook(t + 1000, [{ agent: "coder0", pane: "%1", panePid: 1001, name: "pi" }]));
  const at = (us: number): FoldedLog => {
    log.nowUs = us;
    return log;
  };
  const row: FleetAtRest["row"] = (us, name = "coder0", unavailable = []) =>
    rowOf(tableOf(at(us), us, { unavailable }), name);
  return { log, t, at, row };
}
