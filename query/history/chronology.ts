import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import { skippedFromUs } from "../planes/recorder.ts";
import type { Span } from "./span.ts";

/**
 * From the clocks that events state to one line of time.
 *
 * Times stand as they were stated; nothing is shifted. Three rules make one line of them, and every judge uses them:
 * 1. What is recorded has happened. An event dated after its own recording (a heartbeat from a clock that is ahead) takes
 *    effect when it was recorded, and keeps its claim for the judge to weigh. `recordedAtUs` never goes back, so it may run
 *    ahead of the wall clock; but the recorder dates its words about itself as it writes them, so whatever stands before
 *    one of them in the log has happened by then.
 * 2. A clock that is set forward skips wall time that nobody lived: to all planes it is what a suspend is, unobserved.
 * 3. A clock that is set back brings wall time that is lived twice: the second time is what is shown. By the first rule,
 *    what the first time brought has happened when the second begins, at the recorder's first word in it.
 */
export interface Chronology {
  /** When what the event states began to hold. */
  effectUs(event: FoldEvent, statedUs?: number): number;
  /** When it was learnt. */
  foundUs(event: FoldEvent): number;
  /** Wall time that nobody lived: the machine slept, or its clock skipped it. In the order of the log. */
  readonly unlived: readonly Unlived[];
}

export interface Unlived extends Span {
  /** When time went on, as it was stated: a beat before that says nothing until one could be due after it. */
  readonly resumedAtUs: number;
}

/** `events` in the order of the log; `nowUs` is when they are read, so that whatever they tell has happened by then. */
export function chronologyOf(events: Iterable<FoldEvent>, nowUs: number): Chronology {
  const stated: { fromUs: number; toUs: number; seq: number }[] = [];
  const words: { seq: number; atUs: number }[] = [];
  for (const event of events) {
    if (event.source === "recorder") words.push({ seq: event.seq, atUs: event.occurredAtUs });
    if (event.type === "recorder.suspended") {
      stated.push({ ...(event.payload as PayloadOf<"recorder.suspended">), seq: event.seq });
    } else if (event.type === "recorder.clock.stepped") {
      const fromUs = skippedFromUs(event);
      if (fromUs !== null) stated.push({ fromUs, toUs: event.occurredAtUs, seq: event.seq });
    }
  }
  // Of all words that follow an event the earliest binds it.
  for (let index = words.length - 2; index >= 0; index--) {
    const [word, next] = [words[index], words[index + 1]];
    if (word && next) word.atUs = Math.min(word.atUs, next.atUs);
  }
  /** The earliest word of the recorder after this place in the log. */
  const boundUs = (seq: number): number => {
    let low = 0;
    let high = words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((words[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return Math.min(words[low]?.atUs ?? Infinity, nowUs);
  };
  const unlived = stated.map(({ fromUs, toUs, seq }) => {
    const span = { fromUs: Math.min(fromUs, boundUs(seq)), toUs: Math.min(toUs, boundUs(seq)) };
    return { ...span, resumedAtUs: toUs };
  });
  return {
    unlived,
    effectUs: (event, statedUs = event.occurredAtUs) =>
      Math.min(statedUs, event.recordedAtUs, boundUs(event.seq)),
    foundUs: (event) => Math.min(event.recordedAtUs, boundUs(event.seq)),
  };
}
