import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One request that the real server of OpenCode 1.18.33 was asked, and what it answered. */
export interface CapturedAnswer {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly body?: Record<string, unknown>;
}

const FIXTURES = join(import.meta.dirname, "../../fixtures/opencode-server");

export const capturedAnswers: readonly CapturedAnswer[] = readFileSync(
  join(FIXTURES, "answers.ndjson"),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as CapturedAnswer);

/** What the kernel listed while it ran: its server, and four ends of connections to it. */
export const capturedSockets = readFileSync(join(FIXTURES, "proc-net-tcp.txt"), "utf8");

export function captured(name: string): CapturedAnswer {
  const found = capturedAnswers.find((one) => one.name === name);
  if (found === undefined) throw new Error(`nothing was captured of ${name}`);
  return found;
}
