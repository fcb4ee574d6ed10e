import { isFailure, likelyCause, type StartOutcome } from "../../agents/starting.ts";
import type { StartReport } from "../acting/await-start.ts";
import type { Paint } from "./colour.ts";
import { formatDuration } from "./duration.ts";
import { visible } from "./text.ts";

/** How starts went, one agent after another; of those that failed also their last lines and what most likely lies behind it. */
export function formatStartReports(reports: readonly StartReport[], paint: Paint): string[] {
  const width = Math.max(...reports.map(({ agent }) => agent.name.length));
  return reports.flatMap((report) => {
    const { agent, outcome, lastLines } = report;
    const bad = isFailure(outcome);
    const head = `${bad ? "!" : " "} ${agent.name.padEnd(width)}  ${paint(bad ? "bad" : "good", wordsFor(report))}`;
    if (!bad) return [head];
    const advice = adviceFor(report);
    return [
      head,
      ...lastLines.map((line) => `      | ${visible(line)}`),
      ...(advice === null ? [] : [`    -> ${visible(advice)}`]),
    ];
  });
}

function wordsFor({ outcome, elapsedMs, pane, already }: StartReport): string {
  const after = formatDuration(elapsedMs / 1000);
  switch (outcome.what) {
    case "beats":
      return already
        ? `ran already, and beats (process ${pane?.pid})`
        : `runs and beats, after ${after} (process ${pane?.pid})`;
    case "ready":
      return `runs and is ready for input, after ${after}; it has not beaten yet (process ${pane?.pid})`;
    case "runs":
      return pane?.dead
        ? "has run and ended with status 0"
        : `runs; it has not said more within ${after} (process ${pane?.pid})`;
    case "died":
      return `died at once: ${endingOf(outcome)}`;
    case "dialog":
      return `waits in a first-run dialog (${outcome.dialog}) and will go no further without a person`;
    case "unit-ended":
      return `did not start: its unit is ${outcome.state}`;
    case "no-pane":
      return `did not start: no new pane of it appeared within ${after}`;
    case "not-replaced":
      return `was not started anew: what ran before still runs, after ${after}`;
    case "unobservable":
      return "whether it runs is not known: tmux does not answer";
  }
}

function endingOf({ status, signal }: Extract<StartOutcome, { what: "died" }>): string {
  if (signal !== null) return `signal ${signal}`;
  return status === null ? "its exit status is lost" : `exit ${status}`;
}

/** The one thing to do next, or null. */
export function adviceFor({ agent, outcome, lastLines }: StartReport): string | null {
  switch (outcome.what) {
    case "died":
      return likelyCause(agent, outcome, lastLines) ?? `See: journalctl --user -u ${agent.unit} -n 20`;
    case "dialog":
      return `Answer it yourself: fleet agent attach ${agent.name}`;
    case "unit-ended":
      return outcome.state.startsWith("active")
        ? `Run: fleet agent restart ${agent.name}`
        : `See: journalctl --user -u ${agent.unit} -n 20`;
    case "not-replaced":
      return `Run: fleet agent stop ${agent.name}, then start it`;
    case "no-pane":
      return `See: journalctl --user -u ${agent.unit} -n 20`;
    case "unobservable":
      return "Run `fleet doctor`.";
    default:
      return null;
  }
}

/** One report for programs. */
export function startDocument(report: StartReport): unknown {
  const { agent, outcome, elapsedMs, pane, lastLines } = report;
  return {
    name: agent.name,
    unit: agent.unit,
    already_running: report.already,
    ok: !isFailure(outcome),
    outcome: outcome.what,
    dialog: outcome.what === "dialog" ? outcome.dialog : null,
    exit_status: outcome.what === "died" ? outcome.status : null,
    signal: outcome.what === "died" ? outcome.signal : null,
    elapsed_ms: Math.round(elapsedMs),
    pane: pane === null ? null : { id: pane.id, pid: pane.pid },
    last_lines: isFailure(outcome) ? lastLines : [],
    advice: adviceFor(report),
  };
}
