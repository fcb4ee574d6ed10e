import { FleetError } from "./errors.ts";
import type { NewEvent, Precision, Source } from "./events/envelope.ts";
import { SOURCES } from "./events/envelope.ts";
import { guards } from "./events/guards.generated.ts";

/** All schemas of the catalogue are of this version. */
const NEWEST_SCHEMA_VERSION = 1;
const PRECISIONS: readonly Precision[] = ["s", "ms", "us"];
/** A session name may be 1 KB; nothing that names an agent is longer than this. */
const MAX_AGENT_LENGTH = 2048;

/** The part of an event that repeats: one object for each combination, compared by identity. */
export interface Kind {
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: Source;
  readonly precision: Precision;
  readonly guard: (payload: unknown) => string | null;
}

/**
 * Strict when written: throws unless the event is one that the catalogue knows, in every field. The guards are held equal to
 * the zod schemas by a test, and zod itself is not loaded here.
 */
export function createEventCheck(): (event: NewEvent) => Kind {
  const known = new Map<string, Kind[]>();

  const kindOf = (event: NewEvent): Kind => {
    const { type, source, precision, schemaVersion = NEWEST_SCHEMA_VERSION } = event;
    const kinds = known.get(type);
    if (kinds !== undefined) {
      for (const kind of kinds)
        if (kind.source === source && kind.precision === precision && kind.schemaVersion === schemaVersion)
          return kind;
    }
    const guard = guards.get(type);
    if (guard === undefined) throw refused(`this fleet knows no event of type ${shown(type)}`);
    if (!SOURCES.includes(source)) throw refused(`${type}: source is ${shown(source)}`);
    if (!PRECISIONS.includes(precision)) throw refused(`${type}: precision is ${shown(precision)}`);
    if (schemaVersion !== NEWEST_SCHEMA_VERSION)
      throw refused(
        `${type}: schemaVersion is ${shown(schemaVersion)}, this fleet writes ${NEWEST_SCHEMA_VERSION}`,
      );
    const kind = { type, schemaVersion, source, precision, guard };
    known.set(type, [...(kinds ?? []), kind]);
    return kind;
  };

  return (event) => {
    const kind = kindOf(event);
    const { agent, occurredAtUs, payload } = event;
    if (agent !== null && (typeof agent !== "string" || agent === "" || agent.length > MAX_AGENT_LENGTH))
      throw refused(`${kind.type}: agent is ${shown(agent)}`);
    if (!Number.isSafeInteger(occurredAtUs))
      throw refused(`${kind.type}: occurredAtUs is ${shown(occurredAtUs)}`);
    const field = kind.guard(payload);
    if (field !== null) throw refused(badPayload(kind.type, field, payload));
    return kind;
  };
}

function badPayload(type: string, field: string, payload: unknown): string {
  if (field === "") return `${type}: payload is ${shown(payload)}`;
  let value: unknown = payload;
  for (const key of field.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[key];
  return `${type}: payload field ${shown(field)} is ${shown(value)}`;
}

function shown(value: unknown): string {
  const text =
    (typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value))) ?? "";
  return text.length > 80 ? `${text.slice(0, 80)}... (${text.length} characters)` : text;
}

function refused(what: string): FleetError {
  return new FleetError("usage", `an event was refused, nothing was written: ${what}`, {
    hint: "Whoever wrote this event has a bug: report it with this line.",
  });
}
