import type { ReadonlyDocuments } from "../store/projection.ts";
import type { Coverage, Observation, Observer, Watch } from "./coverage.ts";
import { coverageOf, freshnessOf, SOURCES_OF_PS } from "./coverage.ts";
import type { AgentFacts } from "./evidence.ts";
import { factsOf } from "./evidence.ts";
import { exactIsoOf, exactIsoOrNull } from "./instant.ts";
import { isGone, namesOf, ownersIn } from "./listed.ts";
import { type LivingNamesake, livesSinceUs } from "./namesakes.ts";
import { documentOf, documentsOf, ONLY } from "./planes/documents.ts";
import type { AgentRow, Flag, Namesake, PsDocument } from "./row.ts";
import { activeOf } from "./unit-evidence.ts";
import { unknownPlanes } from "./unknown-planes.ts";
import type { Verdict } from "./verdict.ts";
import { judge } from "./verdict.ts";

export interface PsInput {
  readonly tenantId: string;
  readonly host: string;
  readonly nowUs: number;
  readonly logSeq: number;
  readonly documents: ReadonlyDocuments;
  readonly observations: readonly Observation[];
  /** Volatile readings by scope: for tmux the pane's `window_activity` in us by pane id. Null of a past moment: they are not kept. */
  readonly gauges: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
  readonly observer: Observer;
  /** Also the sessions that no roster names. They are shown anyway where there is no roster at all. */
  readonly all: boolean;
}

/** `fleet ps` as a value: the rows, and how far each source can be trusted. Pure. */
export function psDocument(input: PsInput): PsDocument {
  return tableDocument(tableOfNow(input));
}

/** The present, as what a table is made of. */
export function tableOfNow(input: PsInput): TableInput {
  const { observer } = input;
  const coverage = coverageFromNow(input);
  const sinceUs = observer.state === "absent" ? null : observer.sinceUs;
  return {
    ...input,
    observer: { state: observer.state, sinceUs },
    coverage,
    coverageOf: () => coverage,
    owners: () => ownersIn(input.documents),
    unread: null,
  };
}

/** What a table is made of, of now or of a past moment. */
export interface TableInput extends Omit<PsInput, "observations" | "observer"> {
  readonly observer: { readonly state: PsDocument["observer"]["state"]; readonly sinceUs: number | null };
  /** How each source was watched, for the heading. */
  readonly coverage: Coverage;
  /** What is known of one agent's planes. */
  readonly coverageOf: (agent: string) => Coverage;
  /** Whoever had a session, as far as is known; which of them that no roster names have a row `isGone` tells. */
  readonly owners: () => readonly string[];
  /** What holds of whoever no roster names, where none had been read yet by then. Null: it is judged by what was seen of it. */
  readonly unread: Verdict | null;
}

/** The one builder of the table, for every moment. */
export function tableDocument(input: TableInput): PsDocument {
  const { documents, nowUs, observer, tenantId, host, coverage, coverageOf } = input;
  const names = namesOf(documents, input);
  const file = documentOf(documents, "rosterfile", ONLY);
  const isForeign = foreignSockets(documents);
  // A server that comes up makes its socket anew, and whoever watches looks for sockets; a dead one lies in its directory for ever.
  const isOver = (source: string, scope: string) =>
    isForeign(source, scope) && documentOf(documents, "server", scope)?.state === "gone";
  return {
    schema: "fleet.ps.v1",
    tenant_id: tenantId,
    host,
    at: exactIsoOf(nowUs),
    log_seq: input.logSeq,
    observer: {
      state: observer.state,
      since: exactIsoOrNull(observer.sinceUs),
      sources: Object.fromEntries(
        SOURCES_OF_PS.map((source) => [source, freshnessOf(coverage, source, isOver)]),
      ),
    },
    roster: {
      state: file?.state ?? "unknown",
      path: file?.path ?? null,
      problem:
        file?.state === "rejected"
          ? `${file.line === null ? "" : `line ${file.line}: `}${file.value === null ? "" : `${file.value}: `}expected ${file.expected}`
          : null,
    },
    agents: names.flatMap((name) => {
      const facts = factsOf({ name, documents, coverage: coverageOf(name), nowUs });
      return facts.roster === undefined && isGone(facts) ? [] : agentRow(facts, input).row;
    }),
  };
}

/** One agent's row with the verdict behind it and the documents that it was judged from, as `fleet why` shows them. */
export interface Explained {
  readonly row: AgentRow;
  readonly verdict: Verdict;
  readonly facts: AgentFacts;
}

/** The present of one agent. */
export function explainAgent(input: PsInput, name: string): Explained {
  return explainRow(tableOfNow(input), name);
}

export function explainRow(input: TableInput, name: string): Explained {
  const { documents, nowUs, coverageOf } = input;
  const facts = factsOf({ name, documents, coverage: coverageOf(name), nowUs });
  return { ...agentRow(facts, input), facts };
}

type RowInput = Pick<TableInput, "tenantId" | "host" | "gauges" | "nowUs" | "unread">;

function coverageFromNow(input: PsInput): Coverage {
  const { documents, observations, observer, nowUs } = input;
  const isSlowScope = foreignSockets(documents);
  return coverageOf({ documents, observations, observer, nowUs, isSlowScope });
}

/** Sockets that no roster names. */
function foreignSockets(documents: ReadonlyDocuments): (source: string, scope: string) => boolean {
  const rosterSockets = new Set<string>();
  for (const [, { declaration }] of documentsOf(documents, "roster"))
    rosterSockets.add(declaration.socketName);
  return (source, scope) => source === "tmux" && !rosterSockets.has(scope.slice(scope.lastIndexOf("/") + 1));
}

function agentRow(facts: AgentFacts, input: RowInput): { row: AgentRow; verdict: Verdict } {
  const { name, roster, evidence, watch, unit } = facts;
  const { tenantId, host } = input;
  const unread = roster === undefined ? input.unread : null;
  const verdict = unread ?? judge(evidence);
  const declaration = roster?.declaration;
  const row: AgentRow = {
    tenant_id: tenantId,
    host,
    name,
    runtime: declaration?.runtime ?? null,
    class: declaration?.class ?? (unread === null ? "unrostered" : "unknown"),
    incarnation:
      evidence.pane.known && evidence.pane.state !== "missing" ? (facts.pane.own?.incarnation ?? null) : null,
    status: verdict.status,
    status_reason: verdict.reason,
    since: exactIsoOrNull(verdict.sinceUs),
    unknown: [],
    flags: [],
    systemd: systemdCell(facts),
    pane: paneCell(facts),
    idle: idleCell(facts, input),
    heartbeat: heartbeatCell(facts),
    drift: {
      state: facts.drift.state,
      expected: facts.drift.expected,
      actual: facts.drift.actual,
      observed_at: observedAt(watch.process, facts.process?.recordedAtUs),
      source: "process",
    },
    boot: {
      state: facts.boot.state,
      reasons: facts.boot.reasons,
      observed_at: unitObservedAt(watch.systemd, unit),
      source: "systemd",
    },
    unrostered: roster === undefined && unread === null,
    namesakes: facts.pane.namesakes.map(namesakeCell),
  };
  row.unknown = unknownPlanes(row, verdict);
  row.flags = flagsOf(row, facts);
  return { row, verdict };
}

// Cells are written out field by field: for 50 rows a spread into each would cost a millisecond and a collection of garbage.

/** A cell that is watched was confirmed by the last look; one that is not is as old as the last word on it. */
function observedAt(watch: Watch, changedAtUs: number | undefined): string | null {
  const observed = watch.observedAtUs ?? 0;
  const atUs =
    watch.state === "absent" && observed === 0 ? (changedAtUs ?? 0) : Math.max(observed, changedAtUs ?? 0);
  return atUs > 0 ? exactIsoOf(atUs) : null;
}

function systemdCell({ unit, unitName, watch }: AgentFacts): AgentRow["systemd"] {
  const known = watch.systemd.state === "fresh" && unit !== undefined;
  return {
    unit: unit?.seq === 0 ? null : unitName,
    active: known ? (activeOf(unit) as AgentRow["systemd"]["active"]) : "unknown",
    sub: known ? unit.unit.sub : null,
    enabled: known
      ? (unit.unit.fileState ?? (unit.unit.load === "not-found" ? "not-found" : "unknown"))
      : "unknown",
    observed_at: unitObservedAt(watch.systemd, unit),
    source: "systemd",
  };
}

/** Of a unit that nobody has asked about yet there is no answer of any age. */
function unitObservedAt(watch: Watch, unit: AgentFacts["unit"]): string | null {
  return unit ? observedAt(watch, unit.recordedAtUs) : null;
}

function paneCell({ pane, evidence, process, watch }: AgentFacts): AgentRow["pane"] {
  const known = evidence.pane;
  const there = known.known && known.state !== "missing";
  const own = there ? pane.own : undefined;
  const alive = known.known && known.state === "alive";
  return {
    state: known.known ? known.state : "unknown",
    socket: pane.socket,
    id: own?.pane ?? null,
    pid: own?.pid ?? null,
    command: alive && process?.process.panePid === own?.pid ? (process?.process.name ?? null) : null,
    exit_status: known.known ? known.status : null,
    signal: known.known ? known.signal : null,
    observed_at: observedAt(watch.pane, pane.own?.recordedAtUs),
    source: known.known && pane.own?.byHooks ? "tmux-hook" : "tmux",
  };
}

function namesakeCell({ pane, watch }: LivingNamesake): Namesake {
  const { socket, pane: id, pid, recordedAtUs } = pane;
  const since = exactIsoOf(livesSinceUs(pane));
  return { socket, id, pid, since, observed_at: observedAt(watch, recordedAtUs), source: "tmux" };
}

function idleCell({ pane, evidence, watch }: AgentFacts, { gauges, nowUs }: RowInput): AgentRow["idle"] {
  return {
    seconds: idleSeconds(pane, evidence.pane, gauges, nowUs),
    observed_at: observedAt(watch.pane, pane.own?.recordedAtUs),
    source: "tmux",
  };
}

function idleSeconds(
  { own, present }: AgentFacts["pane"],
  known: AgentFacts["evidence"]["pane"],
  gauges: RowInput["gauges"],
  nowUs: number,
): number | null {
  // Events tell of activity to the minute only: what is shown to the second would be up to a minute too long.
  if (gauges === null || !known.known || known.state !== "alive" || !own) return null;
  const gauge = own.pane === null ? 0 : gauges[own.socket]?.[own.pane];
  const atUs = Math.max(gauge ?? 0, present?.activityAtUs ?? 0);
  return atUs > 0 ? Math.max(0, Math.floor((nowUs - atUs) / 1e6)) : null;
}

function heartbeatCell({
  heartbeat,
  refusedBeat,
  evidence,
  watch,
  roster,
}: AgentFacts): AgentRow["heartbeat"] {
  const { beat, nowUs } = evidence;
  const shown = heartbeat && !heartbeat.removed ? heartbeat : undefined;
  return {
    expected: roster?.declaration.heartbeat === "expected",
    health: beat.health,
    reason: beat.reason,
    age_seconds: shown ? Math.round((nowUs - shown.atUs) / 1e5) / 10 : null,
    at: exactIsoOrNull(shown?.atUs),
    status: shown?.beat.status ?? null,
    interval_seconds: roster ? evidence.intervalSeconds : null,
    pid: shown?.beat.pid ?? null,
    evidence: shown?.beat.evidence ?? null,
    refused: refusedBeat?.reason ?? null,
    observed_at: observedAt(watch.heartbeat, heartbeat?.recordedAtUs),
    source: "heartbeat",
  };
}

function flagsOf(row: AgentRow, { unit, watch, heartbeat }: AgentFacts): Flag[] {
  const flags: Flag[] = [];
  if (row.drift.state === "yes") flags.push("drift");
  if (row.pane.state === "alive" && watch.systemd.state === "fresh" && unit?.unit.active === "failed")
    flags.push("unit-failed");
  if (row.boot.state === "yes") flags.push("boot");
  if (row.unrostered) flags.push("unrostered");
  if (row.heartbeat.health === "healthy" && heartbeat?.beat.evidence === "sidecar") flags.push("sidecar");
  return flags;
}
