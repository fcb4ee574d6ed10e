import { hash } from "node:crypto";

/**
 * Ids are digests of what a span is of, so that whoever makes it again, on whatever day, makes the same one. Parts are separated by a
 * character that no name holds, so no two lists of parts run together.
 */
export function traceIdOf(...parts: readonly (string | number)[]): string {
  return digest(16, ["trace", ...parts]);
}

export function spanIdOf(traceId: string, ...parts: readonly (string | number)[]): string {
  return digest(8, ["span", traceId, ...parts]);
}

function digest(bytes: number, parts: readonly (string | number)[]): string {
  const hex = hash("sha256", parts.join("\0"), "hex").slice(0, bytes * 2);
  // All zeros is no id (W3C Trace Context); it will not happen, and must not.
  return /^0+$/.test(hex) ? `${hex.slice(0, -1)}1` : hex;
}
