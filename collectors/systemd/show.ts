import type { PayloadOf } from "../../store/events/catalogue.ts";

export type UnitState = PayloadOf<"systemd.unit.changed">;

/** What is asked of each unit; the names are those of `systemctl show`. */
export const SHOWN_PROPERTIES: readonly string[] = [
  "Id",
  "LoadState",
  "ActiveState",
  "SubState",
  "Result",
  "UnitFileState",
  "Type",
  "RemainAfterExit",
  "KillMode",
  "MainPID",
  "InvocationID",
  "NRestarts",
  "ExecMainCode",
  "ExecMainStatus",
  "StateChangeTimestamp",
];

/**
 * The blocks of `systemctl show -p ... UNIT UNIT`: one for each unit, an empty line between two, the properties in an order
 * of systemd's own. A value runs to the end of its line and may hold `=`.
 */
export function parseShow(text: string): Map<string, string>[] {
  const blocks: Map<string, string>[] = [];
  for (const part of text.split(/\n{2,}/)) {
    const block = new Map<string, string>();
    for (const line of part.split("\n")) {
      const equals = line.indexOf("=");
      if (equals > 0) block.set(line.slice(0, equals), line.slice(equals + 1));
    }
    if (block.size > 0) blocks.push(block);
  }
  return blocks;
}

/**
 * One unit from its block, or the reason why it is none. The four states are always stated, for an unknown unit too
 * (`LoadState=not-found`), so that their absence means that this is not what systemd prints.
 */
export function unitFromBlock(
  block: ReadonlyMap<string, string>,
): { readonly ok: true; readonly unit: UnitState } | { readonly ok: false; readonly reason: string } {
  const required = (name: string): string => block.get(name)?.slice(0, 256) ?? "";
  const unit = required("Id");
  const load = required("LoadState");
  const active = required("ActiveState");
  const sub = required("SubState");
  for (const [name, value] of Object.entries({
    Id: unit,
    LoadState: load,
    ActiveState: active,
    SubState: sub,
  }))
    if (value === "") return { ok: false, reason: `systemctl show states no ${name} for "${unit}"` };
  const text = (name: string): string | null => required(name) || null;
  return {
    ok: true,
    unit: {
      unit,
      load,
      active,
      sub,
      result: text("Result"),
      fileState: text("UnitFileState"),
      serviceType: text("Type"),
      remainAfterExit: yesNo(block.get("RemainAfterExit")),
      killMode: text("KillMode"),
      // 0 is systemd's way to say that there is none.
      mainPid: integer(block.get("MainPID")) || null,
      invocationId: text("InvocationID"),
      restarts: integer(block.get("NRestarts")),
      execCode: integer(block.get("ExecMainCode")),
      execStatus: integer(block.get("ExecMainStatus")),
      sinceUs: parseUtcTimestamp(block.get("StateChangeTimestamp") ?? ""),
    },
  };
}

/**
 * An instant as `--timestamp=us+utc` prints it (`Sat 2026-11-21 10:48:12.251855 UTC`), in microseconds since the epoch;
 * null for an empty one and for anything else (`n/a`).
 */
export function parseUtcTimestamp(text: string): number | null {
  const match = /^[A-Z][a-z]{2} (\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? UTC$/.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const ms = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  const us = ms * 1000 + Number((match[7] ?? "").padEnd(6, "0"));
  return Number.isSafeInteger(us) && us >= 0 ? us : null;
}

/** One row of `systemctl list-units --output=json`. */
export interface ListedUnit {
  readonly unit: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
}

/** The loaded units, or null when the text is not such a list. */
export function parseListUnits(text: string): ListedUnit[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(parsed)) return null;
  const units: ListedUnit[] = [];
  for (const row of parsed as Record<string, unknown>[]) {
    const { unit, load, active, sub } = row ?? {};
    if (typeof unit !== "string" || typeof load !== "string") return null;
    if (typeof active !== "string" || typeof sub !== "string") return null;
    units.push({ unit, load, active, sub });
  }
  return units;
}

function yesNo(value: string | undefined): boolean | null {
  return value === "yes" ? true : value === "no" ? false : null;
}

function integer(value: string | undefined): number | null {
  if (value === undefined || !/^-?\d{1,10}$/.test(value)) return null;
  return Number(value);
}
