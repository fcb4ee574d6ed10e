import type { Database } from "better-sqlite3";
import { canonicalSeries, type NamedSeries } from "./chain.ts";
import type { Kind } from "./check-event.ts";
import { openDictionaries } from "./dictionaries.ts";
import type { Partition } from "./identity.ts";
import type { Projection } from "./projection.ts";
import { twoGenerations } from "./two-generations.ts";

/** Agents whose series are remembered; an agent not heard of for long is looked up again. */
const REMEMBERED_AGENTS = 4096;

/** A payload seen lately in this series; `id` once it has been seen twice. */
interface SeenPayload {
  readonly text: string;
  id: bigint | null;
}

/** One kind of event about one agent, as the writer knows it. */
export interface WriterSeries extends NamedSeries {
  readonly id: number;
  readonly agent: string | null;
  readonly kind: Kind;
  readonly folds: readonly Projection[];
  readonly seen: SeenPayload[];
}

export interface SeriesBook {
  /** The series of this agent and kind, made where there is none. Call it inside a transaction. */
  of(agent: string | null, kind: Kind): WriterSeries;
  /** After a rollback: what was made in it does not exist. */
  forget(): void;
}

export function openSeriesBook(
  database: Database,
  partition: Partition & { readonly partitionId: number },
  projections: readonly Projection[],
): SeriesBook {
  const { partitionId, tenantId, host } = partition;
  const agents = twoGenerations<string, Map<Kind, WriterSeries>>(REMEMBERED_AGENTS);
  const dictionaries = openDictionaries(database);

  const find = (agent: string | null, kind: Kind): WriterSeries => {
    const { type, schemaVersion, source, precision } = kind;
    return {
      id: dictionaries.series(partitionId, agent, kind),
      agent,
      kind,
      canonical: canonicalSeries({ tenantId, host, agent, type, schemaVersion, source, precision }),
      folds: projections.filter(({ types }) => types === null || types.has(type)),
      seen: [],
      batch: 0,
      number: 0,
    };
  };

  return {
    of(agent, kind) {
      const key = agent ?? "";
      let ofAgent = agents.get(key);
      if (ofAgent === undefined) {
        ofAgent = new Map();
        agents.set(key, ofAgent);
      }
      let series = ofAgent.get(kind);
      if (series === undefined) {
        series = find(agent && wellFormed(agent), kind);
        ofAgent.set(kind, series);
      }
      return series;
    },
    forget: () => agents.clear(),
  };
}

/** SQLite keeps text as UTF-8, where half a surrogate pair has no place: it is read back as U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
