import { readFileSync, readlinkSync } from "node:fs";

/** A file of /proc, or null: gone, or hidden from us. Neither is an error here: what cannot be seen is no evidence. */
export function procText(path: string, encoding: "latin1" | "utf8" = "latin1"): string | null {
  try {
    return readFileSync(path, encoding);
  } catch {
    return null;
  }
}

/** What a link of /proc names; null as above. */
export function procLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
