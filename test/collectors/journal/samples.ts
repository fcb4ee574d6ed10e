import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What a real journald printed while one thing happened: `journalctl -o json`, systemd 252. */
export interface Scenario {
  readonly name: string;
  readonly command: string;
  /** Whole lines, as they were printed. */
  readonly lines: readonly string[];
}

/** The captured scenarios, in the order in which they happened. */
export function readScenarios(): Scenario[] {
  const path = fileURLToPath(new URL("../../fixtures/journal/samples.ndjson", import.meta.url));
  const scenarios: { name: string; command: string; lines: string[] }[] = [];
  for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
    const parsed = JSON.parse(line) as Record<string, string>;
    const name = parsed["#scenario"];
    if (name !== undefined) scenarios.push({ name, command: parsed.command ?? "", lines: [] });
    else scenarios.at(-1)?.lines.push(line);
  }
  return scenarios;
}
