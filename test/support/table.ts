import type { Observer } from "../../query/coverage.ts";
import { type PsInput, psDocument } from "../../query/ps.ts";
import type { AgentRow, PsDocument } from "../../query/row.ts";
import type { FoldedLog } from "./fold.ts";
import { SOCKET } from "./looks.ts";

const ALL_SOURCES = ["roster", "tmux", "process", "systemd", "journal", "heartbeat"] as const;

/** The table as a one-shot `ps` at `nowUs` would print it: every source was just looked at, but those named unavailable. */
export function tableOf(
  log: FoldedLog,
  nowUs: number,
  options: {
    unavailable?: readonly string[];
    observer?: Observer;
    all?: boolean;
    gauges?: Record<string, Record<string, number>> | null;
  } = {},
): PsDocument {
  return psDocument(presentOf(log, nowUs, options));
}

/** What that table is made from. */
export function presentOf(
  log: FoldedLog,
  nowUs: number,
  options: NonNullable<Parameters<typeof tableOf>[2]> = {},
): PsInput {
  const unavailable = new Set(options.unavailable ?? []);
  const outcomes = ALL_SOURCES.map((source) => ({
    source,
    scope: source === "tmux" ? SOCKET : "",
    state: unavailable.has(source) ? ("unavailable" as const) : ("observed" as const),
    reason: unavailable.has(source) ? "did not answer" : null,
  }));
  return {
    tenantId: "t",
    host: "h",
    nowUs,
    logSeq: log.events.length,
    documents: log.documents,
    observations: outcomes
      .filter((outcome) => outcome.state === "observed")
      .map(({ source, scope }) => ({ source, scope, atUs: nowUs })),
    gauges: options.gauges === undefined ? {} : options.gauges,
    observer: options.observer ?? { state: "one-shot", sinceUs: nowUs, outcomes },
    all: options.all ?? false,
  };
}

export function rowOf(document: PsDocument, name: string): AgentRow {
  const row = document.agents.find((agent) => agent.name === name);
  if (!row) throw new Error(`no row ${name} among ${document.agents.map((agent) => agent.name).join(", ")}`);
  return row;
}
