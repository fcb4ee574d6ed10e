import { isOfKind, type Kinds } from "../query/kinds.ts";
import type { PayloadOf } from "../store/events/catalogue.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Partition } from "../store/identity.ts";
import type { Reader } from "../store/reader.ts";

/** What an agent was declared as, from some moment on. */
interface Since {
  readonly fromUs: number;
  readonly class: string;
  readonly runtime: string | null;
}

/** `fits`: an event is of an agent that was of some kind when it happened; `agents`: all who ever were, by now. */
export interface DeclaredThen {
  /** All that anybody was ever declared as, by now. */
  readonly declared: () => Since[];
  readonly agents: () => string[];
  readonly fits: (event: StoredEvent) => boolean;
}

const DECLARED = ["roster.agent.declared", "roster.agent.changed"];

/**
 * Which events --class and --runtime ask for. What an event is told of is what its agent was when it happened: one that was declared
 * anew since has its older events under what it was. What happened before its first declaration, or off the roster, counts to what it came to be, or
 * had been. Read from the log itself, an event for each declaration; while events are followed, what was declared meanwhile too.
 */
export function declaredThen(
  reader: Pick<Reader, "events" | "lastSeq">,
  partition: Partition | null,
  kinds: Kinds,
): DeclaredThen {
  const known = new Map<string, Map<string, Since[]>>();
  let throughSeq = 0;
  const readOn = (): void => {
    const upTo = reader.lastSeq();
    const news = { ...(partition ?? {}), types: DECLARED, afterSeq: throughSeq, beforeSeq: upTo + 1 };
    for (const { tenantId, host, agent, occurredAtUs, payload } of reader.events(news)) {
      if (agent === null) continue;
      const { class: ofClass, runtime } = payload as PayloadOf<"roster.agent.declared">;
      const hosts = known.get(agent) ?? new Map<string, Since[]>();
      known.set(agent, hosts);
      const of = hosts.get(`${tenantId}\n${host}`) ?? [];
      hosts.set(`${tenantId}\n${host}`, of);
      of.push({ fromUs: occurredAtUs, class: ofClass, runtime });
    }
    throughSeq = upTo;
  };
  readOn();
  const wasOfKind = (agent: unknown, { tenantId, host, occurredAtUs }: StoredEvent): boolean => {
    const declared = typeof agent === "string" ? known.get(agent)?.get(`${tenantId}\n${host}`) : undefined;
    const then = declared?.findLast(({ fromUs }) => fromUs <= occurredAtUs) ?? declared?.[0];
    return then !== undefined && isOfKind(kinds, then);
  };
  return {
    declared: () => [...known.values()].flatMap((hosts) => [...hosts.values()].flat()),
    agents: () =>
      [...known].flatMap(([agent, hosts]) =>
        [...hosts.values()].flat().some((one) => isOfKind(kinds, one)) ? [agent] : [],
      ),
    fits: (event) => {
      if (event.seq > throughSeq) readOn();
      if (wasOfKind(event.agent, event)) return true;
      // A session that got another name is told of under that, and is of the story of the one that it had.
      if (event.type !== "tmux.session.renamed") return false;
      return wasOfKind((event.payload as Partial<PayloadOf<"tmux.session.renamed">>).from, event);
    },
  };
}
