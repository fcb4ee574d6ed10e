import type { ManagerDocument, UnitDocument } from "./planes/documents.ts";
import type { BootReason } from "./row.ts";

export interface BootQuestion {
  /** The pane is alive, or the unit active: only what runs can fail to come back. Null = not known. */
  readonly active: boolean | null;
  /** Whether systemd is being watched now. */
  readonly known: boolean;
  readonly unit: UnitDocument | undefined;
  readonly manager: ManagerDocument | undefined;
  /** The live session is on another socket than the one its roster entry names. */
  readonly strayed: boolean;
}

export interface BootGap {
  readonly state: "yes" | "no" | "unknown";
  readonly reasons: BootReason[];
}

const COMES_BACK = new Set(["enabled", "alias"]);
const RUNTIME_ONLY = new Set(["enabled-runtime", "linked-runtime", "transient"]);
/** Not enabled by themselves, but another unit may pull them in: `systemctl` cannot say, and neither can we. */
const UNDECIDED = new Set(["static", "indirect", "generated"]);

/** Boot gap: active now, and would not come back after a reboot. */
export function judgeBoot({ active, known, unit, manager, strayed }: BootQuestion): BootGap {
  // That it lives where its unit would not start it is known whatever systemd tells; so the session of another fleet is not taken for its own.
  if (!known || active === null || !unit || !manager)
    return strayed ? { state: "yes", reasons: ["socket"] } : { state: "unknown", reasons: [] };
  if (!active) return { state: "no", reasons: [] };
  const reasons: BootReason[] = [];
  const { load, fileState, serviceType, remainAfterExit, killMode } = unit.unit;
  let undecided = false;
  if (load === "not-found") reasons.push("no-unit");
  else if (fileState === null || UNDECIDED.has(fileState)) undecided = true;
  else if (RUNTIME_ONLY.has(fileState)) reasons.push("runtime-only");
  else if (!COMES_BACK.has(fileState)) reasons.push("unit-disabled");
  if (manager.manager.linger === "no") reasons.push("linger-off");
  else if (manager.manager.linger === "unknown") undecided = true;
  // A oneshot launcher that does not remain active ends as soon as it has launched, and its end kills its control group:
  // the tmux server that it has just started.
  const killsItsOwn = serviceType === "oneshot" && remainAfterExit === false;
  if (load !== "not-found" && killsItsOwn && (killMode === "control-group" || killMode === "mixed"))
    reasons.push("kill-mode");
  if (strayed) reasons.push("socket");
  if (reasons.length > 0) return { state: "yes", reasons };
  return { state: undecided ? "unknown" : "no", reasons };
}
