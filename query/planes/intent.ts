import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import { documentOf, ONLY } from "./documents.ts";
import { type HolderRestart, holderRestart } from "./holder-restart.ts";
import { managerExits, wantedSinceUs } from "./manager-exits.ts";
import type { Intent } from "./purpose-document.ts";

/**
 * What an event says of somebody's wish for its agent, or null. What systemd stops because the tmux server under it has failed, or is started
 * again for that, is nobody's wish: the agent had ended with its server, and a wish cannot come after the end that it would explain. Of few events its
 * surroundings are asked.
 */
export function intentOf(event: FoldEvent, surroundings: () => Surroundings): Intent | null {
  if (event.agent === null) return null;
  const seen = { atUs: event.occurredAtUs, seq: event.seq, recordedAtUs: event.recordedAtUs };
  if (event.type === "journal.unit.logged") {
    const line = event.payload as PayloadOf<"journal.unit.logged">;
    const kind = kindOfJob(line);
    if (kind === null) return null;
    const { restart, managerGoesFromUs } = surroundings();
    const isOfRestart = restart && restart.fromUs <= seen.atUs && seen.atUs <= restart.toUs;
    if (kind !== "start" && isOfRestart) return null;
    // A user manager that goes ends scopes before it says that it stops their units: all of them were to end since it began to go.
    const atUs = kind === "stop" ? wantedSinceUs(managerGoesFromUs, seen.atUs) : seen.atUs;
    const done = kind === "stop" && line.what === "stopped" ? { done: true as const } : {};
    const begins = line.what === "starting" ? { begins: true as const } : {};
    return { kind, by: "systemd", bootId: line.bootId, ...done, ...begins, ...seen, atUs };
  }
  if (event.type === "systemd.unit.changed") {
    const isStopped = isBeingStopped(event.payload as PayloadOf<"systemd.unit.changed">);
    return isStopped ? { kind: "stop", by: "unit", bootId: surroundings().bootId, ...seen } : null;
  }
  const kind = kindOfVerb[event.type];
  const begins = kind === "stop" ? {} : { begins: true as const };
  return kind === undefined ? null : { kind, by: "operator", bootId: null, ...begins, ...seen };
}

/** What else bears on what a word of purpose says: when the fleet's tmux server was last started again, the boot, and whether its user manager is going. */
export interface Surroundings {
  readonly restart: HolderRestart | undefined;
  readonly bootId: string | null;
  /** Null: it stays, as far as is known. */
  readonly managerGoesFromUs: number | null;
}

export function surroundingsOf(documents: ReadonlyDocuments): Surroundings {
  const bootId = documentOf(documents, "manager", ONLY)?.manager.bootId ?? null;
  const managerGoesFromUs = managerExits(documents).endingFromUs;
  return { restart: holderRestart(documents), bootId, managerGoesFromUs };
}

/**
 * Whether a job of systemd is stopping it, by its state alone: the journal may be silent (`LogLevelMax=`, journald stopped, lines lost). What ends by itself is
 * `deactivating` only when its main process has ended (seen in systemd 252), and what systemd ends for a reason of its own (a watchdog, a limit of time or
 * memory) has that for its result. A service that may say itself that it stops (`Type=notify`) proves nothing.
 */
function isBeingStopped(unit: PayloadOf<"systemd.unit.changed">): boolean {
  const { active, sub, result, serviceType, remainAfterExit, mainPid, execCode } = unit;
  if (active !== "deactivating" || (sub !== "stop" && sub !== "stop-sigterm") || result !== "success")
    return false;
  if (serviceType === "oneshot") return remainAfterExit === true;
  return (serviceType === "simple" || serviceType === "exec") && mainPid !== null && !execCode;
}

const kindOfVerb: Readonly<Record<string, Intent["kind"] | undefined>> = {
  "operator.start.requested": "start",
  "operator.restart.requested": "restart",
  "operator.stop.requested": "stop",
};

/** A unit that systemd starts again by itself, after a crash, is `stopped` for a restart job too; only one that lives is `stopping`. */
function kindOfJob({ what, jobType }: PayloadOf<"journal.unit.logged">): Intent["kind"] | null {
  if (what === "starting" || what === "started") return "start";
  if (what !== "stopping" && what !== "stopped") return null;
  if (jobType === "stop") return "stop";
  return jobType === "restart" ? (what === "stopping" ? "restart" : "start") : null;
}
