import { printable } from "../printable.ts";

/**
 * A field of `journalctl -o json`: a string; an array of bytes where the text holds control characters or is no UTF-8;
 * null where it is longer than 4096 bytes; an array of any of these where the entry holds the field more than once.
 */
export type JournalFields = Readonly<Record<string, unknown>>;

/**
 * The text of a field (of its first value when it is repeated), fit for a terminal and at most `maxChars` long; null when
 * there is none or it is empty.
 */
export function fieldText(fields: JournalFields, name: string, maxChars = 256): string | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : null;
  return textOf(value, maxChars) ?? (Array.isArray(value) ? firstText(value, maxChars) : null);
}

/** A whole number that is not negative, written in decimal digits; null for anything else. */
export function fieldCount(fields: JournalFields, name: string): number | null {
  const text = fieldText(fields, name, 20);
  if (text === null || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** Null for what is no text by itself: a repeated field, null, or a kind that journalctl never prints. */
function textOf(value: unknown, maxChars: number): string | null {
  if (typeof value === "string") return value === "" ? null : printable(value, maxChars);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isByte)) return null;
  return printable(Uint8Array.from(value as number[]), maxChars);
}

function firstText(values: readonly unknown[], maxChars: number): string | null {
  for (const value of values) {
    const text = textOf(value, maxChars);
    if (text !== null) return text;
  }
  return null;
}

function isByte(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}
