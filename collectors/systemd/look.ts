import type { SystemdSnapshot } from "../../store/events/snapshot.ts";
import type { Clock } from "../collector.ts";
import { fileStateIsDoubtful, readLinkedUnits } from "./enablement.ts";
import { type MachinePaths, type ManagerState, readManagerFacts } from "./manager-facts.ts";
import type { UnitState } from "./show.ts";
import type { Answer, Systemctl } from "./systemctl.ts";
import { agentOfUnit, FLEET_UNIT_PATTERN, type UnitOfInterest } from "./unit-name.ts";

export interface LookOptions {
  readonly systemctl: Systemctl;
  readonly clock: Clock;
  /** Units that are asked about even where the manager has not loaded them. */
  readonly units: () => readonly UnitOfInterest[];
  /** Where enabling links are; see `defaultUnitDirectories`. */
  readonly unitDirectories: readonly string[];
  readonly userName: string | null;
  readonly paths: MachinePaths;
}

export interface Looker {
  /** All units of interest: those named, and whatever `mosaic-*` service the manager has loaded. */
  everything(): Promise<Answer<SystemdSnapshot>>;
  /** Only these; with none of them, only what holds for the whole manager. */
  some(units: readonly string[]): Promise<Answer<SystemdSnapshot>>;
}

/** A name that systemctl takes literally. Globs would be expanded and other characters mangled into another name. */
const LITERAL_UNIT_NAME = /^[A-Za-z0-9:_.\\@-]{1,255}$/;

export function createLooker(options: LookOptions): Looker {
  const { systemctl, clock } = options;
  let version: string | null = null;

  const managerState = (): Answer<ManagerState> => {
    try {
      return { ok: true, value: { ...readManagerFacts(options.userName, options.paths), version } };
    } catch (error) {
      return { ok: false, reason: `the boot cannot be told from /proc: ${(error as Error).message}` };
    }
  };

  const snapshotOf = async (
    begunAtUs: number,
    names: Iterable<string>,
    complete: boolean,
  ): Promise<Answer<SystemdSnapshot>> => {
    const literal = [...names].filter((name) => LITERAL_UNIT_NAME.test(name));
    const linked = readLinkedUnits(options.unitDirectories);
    const shown = literal.length === 0 ? { ok: true as const, value: [] } : await systemctl.show(literal);
    if (!shown.ok) return shown;
    const named = options.units();
    const units: { agent: string | null; unit: UnitState }[] = [];
    for (const state of shown.value) {
      const unit = await withFileStateFromDisk(state, linked, systemctl);
      units.push({ agent: agentOfUnit(unit.unit, named), unit });
    }
    const manager = managerState();
    if (!manager.ok) return manager;
    const endedAtUs = clock.nowUs();
    return {
      ok: true,
      value: { source: "systemd", scope: "", begunAtUs, endedAtUs, manager: manager.value, units, complete },
    };
  };

  return {
    async everything() {
      const begunAtUs = clock.nowUs();
      const listed = await systemctl.list([FLEET_UNIT_PATTERN]);
      if (!listed.ok) return listed;
      // A manager whose version is not told keeps the one it told before: only a re-executed one has another.
      const answer = await systemctl.version();
      if (answer.ok) version = answer.value;
      const names = new Set(options.units().map((named) => named.unit));
      for (const row of listed.value) names.add(row.unit);
      return snapshotOf(begunAtUs, names, true);
    },
    some: (units) => snapshotOf(clock.nowUs(), units, false),
  };
}

/** Where the links on disk contradict the manager's memory, `is-enabled` decides; when it cannot, the answer is not known. */
async function withFileStateFromDisk(
  state: UnitState,
  linked: ReadonlySet<string> | null,
  systemctl: Systemctl,
): Promise<UnitState> {
  if (!fileStateIsDoubtful(state.fileState, state.unit, linked)) return state;
  const answer = await systemctl.isEnabled(state.unit);
  return { ...state, fileState: answer.ok ? answer.value : null };
}
