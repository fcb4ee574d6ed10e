import { ONLY } from "../planes/documents.ts";
import type { BootReason } from "../row.ts";
import { factsButBeatsAt } from "./evidence-at.ts";
import type { History } from "./history.ts";
import type { Window } from "./sweep.ts";
import { changesOf, valueAt } from "./timeline.ts";

/** Time in which an agent ran that would not have come back after a reboot. */
export interface BootGapStay {
  /** Within the window. */
  readonly fromUs: number;
  /** Null: it went on at the end of the window. */
  readonly toUs: number | null;
  readonly reasons: readonly BootReason[];
}

/** Boot gaps are judged by the function of the present; they change only with the unit, the manager, the pane and the roster. */
export function bootGapsWithin(history: History, agent: string, window: Window): BootGapStay[] {
  const gaps: BootGapStay[] = [];
  const moments = momentsOf(history, agent, window);
  for (const [index, fromUs] of moments.entries()) {
    if (valueAt(history.roster(agent), fromUs) === undefined) continue;
    const { boot } = factsButBeatsAt(history, agent, fromUs);
    if (boot.state !== "yes") continue;
    const toUs = moments[index + 1] ?? null;
    const last = gaps.at(-1);
    if (last?.toUs === fromUs && last.reasons.join() === boot.reasons.join())
      gaps[gaps.length - 1] = { ...last, toUs };
    else gaps.push({ fromUs, toUs, reasons: boot.reasons });
  }
  return gaps;
}

function momentsOf(history: History, agent: string, { fromUs, toUs }: Window): number[] {
  if (fromUs >= toUs) return [];
  const roster = history.roster(agent);
  const units = new Set([`mosaic-agent@${agent}.service`]);
  for (const document of roster.values) if (document) units.add(document.declaration.unit);
  const timelines = [
    roster,
    history.told.of("manager", ONLY),
    ...[...units].flatMap((unit) => [history.unit(unit), history.unitKnown(unit)]),
    ...history.told.sockets(agent).flatMap((socket) => {
      const { own, known } = history.pane(agent, socket);
      return [history.server(socket), own, known];
    }),
  ];
  const changes = timelines.flatMap((timeline) => changesOf(timeline));
  const moments = new Set([fromUs, ...changes.filter((atUs) => atUs > fromUs && atUs < toUs)]);
  return [...moments].sort((a, b) => a - b);
}
