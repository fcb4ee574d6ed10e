import type { Happened } from "../../store/chronicle.ts";
import type { FoldEvent, Repetition } from "../../store/projection.ts";
import { beatFilesThrough } from "./beat-checkpoint.ts";
import type { BeatsTold } from "./beat-timeline.ts";
import { beatFileRepetition, evolveBeatFile, isOfBeats, NO_BEATS } from "./beat-timeline.ts";
import { BEAT_TYPES, CADENCE } from "./cadence.ts";
import type { Chronology } from "./chronology.ts";
import type { WindowInput } from "./horizon.ts";
import { once } from "./once.ts";
import type { Window } from "./sweep.ts";

export interface Beats {
  readonly chronology: Pick<Chronology, "effectUs" | "foundUs">;
  of(agent: string): BeatsTold;
  agents(): readonly string[];
}

/** Beats stand in the log, most of them read within moments: those of a window lie near its own time. */
export function beatsOf(input: WindowInput, { fromUs, toUs }: Window): Beats {
  const { view, nowUs, agents, lateUs = CADENCE.lateUs } = input;
  const read = once(() => {
    const before = view.seqAt(fromUs);
    const { seq: afterSeq, files } = beatFilesThrough((seq) => view.checkpoint("beats", seq), before);
    const words = view.happened("word", "", -Infinity, Infinity, afterSeq + 1);
    // A word of the recorder brings all that stands before it into the window.
    const bound = words.reduce((last, { seq, atUs }) => (atUs <= toUs ? Math.max(last, seq) : last), 0);
    const beforeSeq = 1 + Math.max(view.seqAt(toUs + lateUs), bound);
    const late = view
      .happened("late", null, -Infinity, toUs, beforeSeq)
      .filter(({ id }) => agents === undefined || agents.includes(id));
    const events = new Map<string, FoldEvent[]>();
    // Of one moment of which there is no more to know than the file as it was then, what took effect later is nothing.
    const isMoment =
      input.window.fromUs === toUs && words.every(({ seq, atUs }) => seq <= before || atUs > toUs);
    const take = (event: FoldEvent): Repetition | null => {
      if (event.agent === null || !isOfBeats(event)) return null;
      // What was recorded before the window has all taken effect when it begins: of that the file as it was then is enough.
      if (event.seq <= before || isMoment) {
        files.set(event.agent, evolveBeatFile(files.get(event.agent) ?? NO_BEATS, event));
        const again = beatFileRepetition(files, event);
        return isMoment || again === null
          ? again
          : (seq, occurredAtUs, recordedAtUs) => seq <= before && again(seq, occurredAtUs, recordedAtUs);
      }
      const own = events.get(event.agent);
      if (own) own.push(event);
      else events.set(event.agent, [event]);
      return null;
    };
    const byUs = isMoment ? toUs : undefined;
    view.fold({ types: BEAT_TYPES, agents, afterSeq, beforeSeq, byUs }, take);
    for (const event of view.eventsNamed(late.map(({ seq }) => seq))) take(event);
    return { files, events, bound: boundsOf(words, nowUs) };
  });
  return {
    chronology: {
      effectUs: (event, statedUs = event.occurredAtUs) =>
        Math.min(statedUs, event.recordedAtUs, read().bound(event.seq)),
      foundUs: (event) => Math.min(event.recordedAtUs, read().bound(event.seq)),
    },
    of: (agent) => ({ before: read().files.get(agent) ?? NO_BEATS, events: read().events.get(agent) ?? [] }),
    agents: () => {
      const { files, events } = read();
      const beat = [...files].flatMap(([agent, { document }]) => (document === undefined ? [] : [agent]));
      const now = [...events].filter(([, own]) => own.some(({ type }) => type.startsWith("heartbeat.")));
      return [...new Set([...beat, ...now.map(([agent]) => agent)])];
    },
  };
}

/** The earliest word of the recorder after a place in the log. */
function boundsOf(words: readonly Happened[], nowUs: number): (seq: number) => number {
  const bounds = words.map(({ atUs }) => atUs);
  for (let at = bounds.length - 2; at >= 0; at--)
    bounds[at] = Math.min(bounds[at] as number, bounds[at + 1] as number);
  return (seq) => {
    const next = words.findIndex((word) => word.seq > seq);
    return Math.min(next === -1 ? Infinity : (bounds[next] as number), nowUs);
  };
}
