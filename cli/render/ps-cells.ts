import { type AgentRow, type AgentStatus, outlivesItsPane } from "../../query/row.ts";
import type { Tone } from "./colour.ts";
import { formatAge } from "./duration.ts";
import type { TableCell } from "./table.ts";
import { visible } from "./text.ts";

/** How each status looks: its colour, and the mark before the name that also a pipe and a colour-blind eye can see. */
const LOOKS: Record<AgentStatus, { tone: Tone; mark: " " | "!" | "?" | "*" }> = {
  failed: { tone: "bad", mark: "!" },
  dead: { tone: "bad", mark: "!" },
  stale: { tone: "bad", mark: "!" },
  silent: { tone: "warn", mark: "!" },
  absent: { tone: "warn", mark: "!" },
  unobserved: { tone: "warn", mark: "?" },
  waiting: { tone: "call", mark: "*" },
  starting: { tone: "good", mark: " " },
  busy: { tone: "good", mark: " " },
  healthy: { tone: "good", mark: " " },
  running: { tone: "good", mark: " " },
  stopped: { tone: "quiet", mark: " " },
  finished: { tone: "quiet", mark: " " },
};
/** Worst first, as the line below the table counts them. */
export const STATUSES = Object.keys(LOOKS) as AgentStatus[];

export function toneOf(status: AgentStatus): Tone {
  return LOOKS[status].tone;
}

// Cells that say the same in many rows are made once.
const DASH: TableCell = { said: ["-"], tone: "quiet" };
const UNKNOWN: TableCell = { said: ["?"], tone: "warn" };
const NOTHING: TableCell = { said: [""], tone: "quiet" };
const BOOTS: TableCell = { said: ["ok"], tone: null };

/** The cells of one row, in the order of the table's columns. */
export function cellsOf(row: AgentRow, nowMs: number, withSocket: boolean): TableCell[] {
  const { tone, mark } = LOOKS[row.status];
  return [
    { said: [`${mark} ${visible(row.name)}`], tone: mark === " " ? null : tone },
    { said: [row.status], tone },
    {
      said: [row.since === null ? "" : formatAge(Math.max(0, secondsSince(row.since, nowMs)))],
      tone: "quiet",
    },
    unitCell(row, nowMs),
    withSocket ? socketCell(row) : NOTHING,
    paneCell(row, nowMs),
    beatCell(row),
    runtimeCell(row),
    idleCell(row),
    bootCell(row),
    noteCell(row),
  ];
}

function socketCell({ pane }: AgentRow): TableCell {
  return { said: [pane.socket === null ? "-" : socketName(pane.socket)], tone: "quiet" };
}

function socketName(path: string): string {
  return visible(path.replace(/^.*\//, ""));
}

/** Where a session is: `second %0 1348`, as far as that is known. */
export function placeOf({ socket, id, pid }: Pick<AgentRow["pane"], "socket" | "id" | "pid">): string {
  const words = [socket === null ? null : socketName(socket), id === null ? null : visible(id), pid];
  return words.filter((word) => word !== null).join(" ");
}

/** An answer that is not known, with the age of the last one: `? 12 s`. What was read after a past moment is of no age then. */
function unknown(observedAt: string | null, nowMs: number): TableCell {
  const age = observedAt === null ? -1 : secondsSince(observedAt, nowMs);
  return { said: age < 0 ? ["?"] : [`? ${formatAge(age)}`, "?"], tone: "warn" };
}

function unitCell({ systemd }: AgentRow, nowMs: number): TableCell {
  if (systemd.active === "unknown") return unknown(systemd.observed_at, nowMs);
  if (systemd.active === "not-found") return { said: ["none"], tone: "quiet" };
  const tone = systemd.active === "failed" ? "bad" : systemd.active === "inactive" ? "quiet" : null;
  if (systemd.sub === null || systemd.sub === systemd.active) return { said: [systemd.active], tone };
  return { said: [`${systemd.active} (${visible(systemd.sub)})`, systemd.active], tone };
}

function paneCell({ pane, status }: AgentRow, nowMs: number): TableCell {
  const tone = isOver(status) ? "quiet" : "bad";
  if (pane.state === "unknown") return unknown(pane.observed_at, nowMs);
  if (pane.state === "missing") return { said: ["missing"], tone };
  const id = visible(pane.id ?? "");
  if (pane.state === "alive") return { said: [pane.pid === null ? id : `${id} ${pane.pid}`, id], tone: null };
  const end =
    pane.signal !== null
      ? `signal ${pane.signal}`
      : pane.exit_status !== null
        ? `exit ${pane.exit_status}`
        : "dead";
  // Of one that only hooks told of no id is known.
  return { said: pane.id === null ? [end] : [`${id} ${end}`, end], tone };
}

/** The age of the last beat; `none` where it is known that there is none, `?` where the beat does not tell. */
function beatCell({ heartbeat, status }: AgentRow): TableCell {
  if (!heartbeat.expected) return DASH;
  if (heartbeat.reason === "no-file") return { said: ["none"], tone: "warn" };
  const age = heartbeat.age_seconds;
  if (age === null) return UNKNOWN;
  if (age < 0) return { said: [`? ${formatAge(-age)} ahead`, "? ahead", "?"], tone: "warn" };
  if (heartbeat.health === "unknown") return { said: [`? ${formatAge(age)}`, "?"], tone: "warn" };
  const late = heartbeat.health === "stale";
  return { said: [formatAge(age)], tone: !late ? null : isOver(status) ? "quiet" : "bad" };
}

/** What was seen to run there. Whether a dead pane drifted is no question. */
function runtimeCell({ runtime, drift, pane, heartbeat }: AgentRow): TableCell {
  const expected = drift.expected ?? runtime;
  const seen = drift.actual ?? pane.command;
  if (expected === null && seen !== null) return { said: [visible(seen)], tone: "quiet" };
  if (expected !== null && drift.state === "no") return { said: [visible(expected)], tone: null };
  if (expected !== null && drift.state === "yes") {
    const actual = visible(drift.actual ?? "?");
    return { said: [`${actual}, not ${visible(expected)}`, `not ${visible(expected)}`], tone: "warn" };
  }
  // The roster's word is no observation: where nothing was seen to run, nothing is named.
  // Of a process that lives on without its pane nobody has seen what it runs.
  const asked = pane.state === "alive" || pane.state === "unknown" || heartbeat.health === "healthy";
  return asked ? UNKNOWN : DASH;
}

function idleCell({ idle, pane }: AgentRow): TableCell {
  if (idle.seconds !== null) return { said: [formatAge(idle.seconds)], tone: null };
  const asked = pane.state === "alive" || pane.state === "unknown";
  return asked ? UNKNOWN : DASH;
}

function bootCell({ boot, pane, systemd }: AgentRow): TableCell {
  if (boot.state === "unknown") return UNKNOWN;
  // A boot gap is a question about what runs now: an agent that is down has not been found to come back.
  const runs = pane.state === "alive" || systemd.active === "active";
  if (boot.state === "no" && !runs) return DASH;
  if (boot.state === "no") return BOOTS;
  const [first = "gap", ...others] = boot.reasons;
  const counted = others.length === 0 ? first : `${first} +${others.length}`;
  return { said: [[first, ...others].join(", "), counted, "gap"], tone: "warn" };
}

/** What no other column says: why the status is what it is, why the beat does not count, and the flags without a column. */
function noteCell(row: AgentRow): TableCell {
  const { status_reason, heartbeat, flags } = row;
  let text = status_reason ?? "";
  const alive = outlivesItsPane(row);
  if (alive !== null) text = joined(text, alive);
  const beat = heartbeat.expected && heartbeat.health === "unknown" && heartbeat.reason !== "no-file";
  if (beat && heartbeat.reason !== null && heartbeat.reason !== status_reason)
    text = joined(text, heartbeat.reason);
  if (heartbeat.expected && heartbeat.refused !== null)
    text = joined(text, `beat refused: ${heartbeat.refused}`);
  flags.forEach((flag) => {
    if (flag !== "drift" && flag !== "boot") text = joined(text, flag);
  });
  return text === "" ? NOTHING : { said: [visible(text)], tone: "quiet" };
}

function joined(text: string, more: string): string {
  return text === "" ? more : `${text}, ${more}`;
}

/** It ended because somebody wanted that, so its last signs of life are nothing to worry about. */
function isOver(status: AgentStatus): boolean {
  return status === "stopped" || status === "finished";
}

export function secondsSince(at: string, nowMs: number): number {
  return (nowMs - Date.parse(at)) / 1000;
}
