import { fieldCount, fieldText, type JournalFields } from "./fields.ts";

/** The fields asked of journalctl (`--output-fields`): `__*` and `_BOOT_ID` come by themselves, whatever an agent wrote does not. */
export const ASKED_FIELDS: readonly string[] = [
  "MESSAGE",
  "MESSAGE_ID",
  "PRIORITY",
  "USER_UNIT",
  "USER_INVOCATION_ID",
  "JOB_TYPE",
  "JOB_RESULT",
  "EXIT_CODE",
  "EXIT_STATUS",
  "UNIT_RESULT",
  "N_RESTARTS",
  "_SOURCE_REALTIME_TIMESTAMP",
  "_SYSTEMD_USER_UNIT",
  "_TRANSPORT",
];

/** One journal entry, its fields made plain. */
export interface JournalEntry {
  readonly cursor: string;
  /** When the sender wrote it, else when journald received it; microseconds since the epoch. */
  readonly occurredAtUs: number;
  readonly messageId: string | null;
  /** The unit the line is about (USER_UNIT), never the unit it came from. */
  readonly unit: string | null;
  /** Where the sender runs, as the kernel and journald know it: the manager itself is in `init.scope`. */
  readonly senderUnit: string | null;
  readonly transport: string | null;
  readonly jobType: string | null;
  readonly jobResult: string | null;
  readonly exitCode: string | null;
  readonly exitStatus: string | null;
  readonly unitResult: string | null;
  readonly restarts: number | null;
  readonly invocationId: string | null;
  /** Written as the kernel writes it (with dashes), so that it can be compared with any other boot id. */
  readonly bootId: string | null;
  readonly priority: number | null;
  readonly message: string | null;
}

export type ParsedEntry =
  | { readonly ok: true; readonly entry: JournalEntry }
  | { readonly ok: false; readonly reason: string };

/** One line of `journalctl -o json`. Says why when it cannot be used; never throws. */
export function parseEntry(line: string): ParsedEntry {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return { ok: false, reason: "not JSON" };
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    return { ok: false, reason: "not a JSON object" };
  const fields = parsed as JournalFields;
  const cursor = fieldText(fields, "__CURSOR", 1024);
  if (cursor === null) return { ok: false, reason: "no __CURSOR" };
  const received = fieldCount(fields, "__REALTIME_TIMESTAMP");
  if (received === null) return { ok: false, reason: "no __REALTIME_TIMESTAMP" };
  return {
    ok: true,
    entry: {
      cursor,
      occurredAtUs: fieldCount(fields, "_SOURCE_REALTIME_TIMESTAMP") ?? received,
      messageId: fieldText(fields, "MESSAGE_ID"),
      unit: fieldText(fields, "USER_UNIT"),
      senderUnit: fieldText(fields, "_SYSTEMD_USER_UNIT"),
      transport: fieldText(fields, "_TRANSPORT"),
      jobType: fieldText(fields, "JOB_TYPE"),
      jobResult: fieldText(fields, "JOB_RESULT"),
      exitCode: fieldText(fields, "EXIT_CODE"),
      exitStatus: fieldText(fields, "EXIT_STATUS"),
      unitResult: fieldText(fields, "UNIT_RESULT"),
      restarts: fieldCount(fields, "N_RESTARTS"),
      invocationId: fieldText(fields, "USER_INVOCATION_ID"),
      bootId: bootIdText(fieldText(fields, "_BOOT_ID")),
      priority: fieldCount(fields, "PRIORITY"),
      message: fieldText(fields, "MESSAGE"),
    },
  };
}

function bootIdText(id: string | null): string | null {
  const parts = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(id ?? "");
  return parts === null ? id : parts.slice(1).join("-");
}
