import { FleetError } from "../store/errors.ts";
import type { EventFilter } from "../store/event-filter.ts";
import type { Reader } from "../store/reader.ts";
import type { Output } from "./output.ts";
import { formatMoment, formatterFor } from "./render/moment.ts";
import { localOffsetMs, parseMoment } from "./time.ts";
import { sayWhichOfTwo } from "./which-of-two.ts";

/** A moment that has passed; where an event was named for it, its place. */
export interface Passed {
  readonly atUs: number;
  readonly seq: number | null;
}

/** What a moment is read against. */
export interface Around {
  readonly reader: Pick<Reader, "event" | "lastSeq">;
  /** Where somebody is told how it was understood. */
  readonly output: Pick<Output, "complain">;
  readonly now: number;
}

/** A moment that has passed by `now`; `beyond` says of a later one what it is, where `now` is another moment than the present. */
export function passedMoment(
  text: string,
  called: string,
  { reader, output, now }: Around,
  beyond = "lies in the future",
): Passed {
  const refuse = (reason: string): FleetError =>
    new FleetError("usage", `${called} ${JSON.stringify(text)}: ${reason}`, {
      hint: "Times: 2026-06-21T03:10Z, 2h (ago), 500ms, 14:00, yesterday 14:00, or an event (#1234).",
    });
  const moment = parseMoment(text, { nowUs: now, offsetMs: localOffsetMs });
  if (!moment.ok) throw refuse(moment.reason);
  if (moment.kind === "instant") {
    if (moment.atUs > now) throw refuse(`${formatMoment(moment.atUs)} ${beyond}`);
    sayWhichOfTwo(output, `${called} ${JSON.stringify(text)}`, moment, now);
    return { atUs: moment.atUs, seq: null };
  }
  const event = reader.event(moment.seq);
  if (event === null) throw refuse(`there is no such event; the last one is #${reader.lastSeq()}`);
  return { atUs: Math.min(event.occurredAtUs, event.recordedAtUs, now), seq: moment.seq };
}

/** The events that `--at` leaves: what had happened by then, or, where an event was named, what had been written. */
export function filterUpTo(at: Passed | null): Pick<EventFilter, "beforeSeq" | "untilUs"> {
  if (at === null) return {};
  return at.seq === null ? { untilUs: at.atUs } : { beforeSeq: at.seq + 1 };
}

/** The events of a filter that another end leaves, too: of two ends of one kind the earlier holds. */
export function endingBy(
  filter: EventFilter,
  { beforeSeq, untilUs }: Pick<EventFilter, "beforeSeq" | "untilUs">,
): EventFilter {
  const earlier = (one = Number.POSITIVE_INFINITY, other = Number.POSITIVE_INFINITY) => Math.min(one, other);
  return {
    ...filter,
    ...(beforeSeq === undefined ? {} : { beforeSeq: earlier(filter.beforeSeq, beforeSeq) }),
    ...(untilUs === undefined ? {} : { untilUs: earlier(filter.untilUs, untilUs) }),
  };
}

export function beforeTheLog(atUs: number, beginsUs: number | null, when = "of", others = ""): FleetError {
  const said = formatterFor(atUs, beginsUs ?? Infinity);
  const begins = beginsUs === null ? "nothing had been recorded" : `the log begins at ${said(beginsUs)}`;
  return new FleetError("usage", `nothing is known ${when} ${said(atUs)}: ${begins}`, {
    hint:
      others === ""
        ? "Ask for a later moment; `fleet events --limit 1 --after 0` shows the first event."
        : `Ask for a later moment, or for what else this log holds with --host: ${others}.`,
  });
}

/** What the first events tell is dated a little before they were written: an event of the log is never before it. */
export function withinTheLog(moment: Passed, beginsUs: number | null, others = () => ""): number {
  if (beginsUs !== null && moment.seq !== null) return Math.max(moment.atUs, beginsUs);
  if (beginsUs === null || moment.atUs < beginsUs) throw beforeTheLog(moment.atUs, beginsUs, "of", others());
  return moment.atUs;
}

/** A list of events that ends before the log begins is refused, unless something that happened so early was told later. */
export function refuseBeforeTheLog(reader: Reader, untilUs: number | undefined): void {
  if (untilUs === undefined) return;
  const beginsUs = reader.beginsUs();
  if (beginsUs === null || untilUs >= beginsUs) return;
  const [early] = reader.events({ untilUs, limit: 1 });
  if (early === undefined) throw beforeTheLog(untilUs, beginsUs, "of before");
}
