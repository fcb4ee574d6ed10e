import { readFileSync } from "node:fs";

export function machineId(): string | null {
  try {
    return readFileSync("/etc/machine-id", "latin1").trim() || null;
  } catch {
    return null;
  }
}
