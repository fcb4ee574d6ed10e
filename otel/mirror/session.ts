import type { MirrorBook } from "../../store/mirror-book.ts";
import { dayName, dayStartUs } from "./day.ts";
import type { MirrorIdentity } from "./identity.ts";
import { spanIdOf, traceIdOf } from "./ids.ts";
import { type Planned, recordOf, type SpanLink } from "./span-record.ts";

/** A trace with more than this is cut: Tempo keeps what fits into 5 MB and drops the rest without a word. */
export const SPANS_PER_TRACE = 5000;

/** What is the same in all spans of an agent in one pass. */
export interface AgentSubject {
  readonly agent: string;
  /** As the roster says it. */
  readonly class: string;
  readonly runtime: string | null;
}

export interface Session {
  readonly traceId: string;
  readonly rootId: string;
}

export interface Sessions {
  /** The trace of one life on one day; the first time that it is asked for, its root is planned too. */
  of(incarnation: string | null, atUs: number, lifeFromUs: number | null, part?: number): Session;
  /** Roots that have been planned since this was last asked. */
  take(): Planned[];
  /** All that was taken is in the book now and need not be remembered here. */
  forget(): void;
}

/** More than the lives of a day, as a rule. */
const REMEMBERED = 100;

type RootBook = Pick<MirrorBook, "has" | "newest">;

/** The traces of one agent: one for each life and UTC day, whose zero-length root is there before anything beneath it. */
export function sessionsOf(identity: MirrorIdentity, subject: AgentSubject, book: RootBook): Sessions {
  let known = new Map<string, Session>();
  let planned: Planned[] = [];
  let newest:
    | { traceId: string; spanId: string; place: number; incarnation: string | null }
    | null
    | undefined;

  const newestRoot = () => {
    if (newest !== undefined) return newest;
    const found = book.newest(subject.agent, ROOT);
    if (found === null) newest = null;
    else {
      const { traceId, spanId, fromUs, incarnation } = recordOf(found.span);
      newest = { traceId, spanId, place: fromUs, incarnation };
    }
    return newest;
  };
  return {
    of(incarnation, atUs, lifeFromUs, part = 0) {
      const { tenantId, host } = identity;
      const day = dayName(atUs);
      const key = `${incarnation ?? ""} ${day} ${part}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const traceId = traceIdOf(
        tenantId,
        host,
        subject.agent,
        incarnation ?? "",
        day,
        ...(part > 0 ? [part] : []),
      );
      const session = { traceId, rootId: spanIdOf(traceId, "root") };
      known.set(key, session);
      const kind = `${ROOT}${traceId}`;
      if (book.has(subject.agent, kind)) return session;
      const place = Math.max(dayStartUs(atUs), lifeFromUs ?? 0);
      const before = newestRoot();
      const links: SpanLink[] =
        before !== null && before.place <= place
          ? [
              {
                traceId: before.traceId,
                spanId: before.spanId,
                relation: before.incarnation === incarnation ? "previous-day" : "previous-incarnation",
              },
            ]
          : [];
      planned.push({
        agent: subject.agent,
        kind,
        place,
        endsUs: place,
        revision: 1,
        content: "root",
        record: {
          traceId,
          spanId: session.rootId,
          name: `agent.session ${subject.agent}`,
          kind: "internal",
          fromUs: place,
          toUs: place,
          agent: subject.agent,
          incarnation,
          attributes: {
            ...attributesOf(subject),
            "fleet.session.day": day,
            ...(part > 0 ? { "fleet.session.part": part } : {}),
          },
          ...(links.length > 0 ? { links } : {}),
        },
      });
      if (before === null || before.place <= place)
        newest = { traceId, spanId: session.rootId, place, incarnation };
      return session;
    },
    take() {
      const taken = planned;
      planned = [];
      return taken;
    },
    forget() {
      if (known.size > REMEMBERED) known = new Map();
    },
  };
}

const ROOT = "root ";

export function attributesOf(subject: AgentSubject): Record<string, string> {
  return {
    "gen_ai.agent.name": subject.agent,
    "fleet.agent.class": subject.class,
    ...(subject.runtime === null ? {} : { "fleet.agent.runtime": subject.runtime }),
  };
}
