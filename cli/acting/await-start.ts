import { setTimeout as sleep } from "node:timers/promises";
import { isOfNewLife } from "../../agents/first-beat.ts";
import type { AgentSpec } from "../../agents/fleet-spec.ts";
import { classify, knownRuntimes, type Reading } from "../../agents/screens/classify.ts";
import { parseRows } from "../../agents/screens/screen.ts";
import {
  createLifeTeller,
  createStartJudge,
  type PaneLook,
  type StartLook,
  type StartOutcome,
  type StartPatience,
} from "../../agents/starting.ts";
import { readBeatFile } from "../../collectors/heartbeat/read.ts";
import { printable } from "../../collectors/printable.ts";
import { readBootClock, readProcess, startedAtUs } from "../../collectors/proc/stat.ts";
import { documentOf } from "../../query/planes/documents.ts";
import { DEFAULT_INTERVAL_SECONDS, REACH_IN_INTERVALS } from "../../query/planes/reach.ts";
import type { Actor } from "./actor.ts";

export interface StartReport {
  readonly agent: AgentSpec;
  /** It ran before it was asked to. */
  readonly already: boolean;
  readonly outcome: StartOutcome;
  readonly elapsedMs: number;
  readonly pane: PaneLook | null;
  /** What the pane shows at its end; empty where there is nothing to show. */
  readonly lastLines: readonly string[];
}

const EVERY_MS = 50;
const SCREEN_EVERY_MS = 400;
const UNIT_EVERY_MS = 500;
const SHOWN_LINES = 12;
const MAX_LINE_CHARS = 300;

/** Looks at an agent that was asked to start until it is known how that went. Answers nothing and types nothing. */
export async function awaitStart(
  actor: Actor,
  agent: AgentSpec,
  patience: StartPatience,
  circumstances: {
    readonly already: boolean;
    /** What was found in its session before it was asked to start, where that is not what has to run. */
    readonly before: StartLook["pane"];
    readonly signal: AbortSignal;
  },
): Promise<StartReport> {
  const { already, before, signal } = circumstances;
  const judge = createStartJudge(patience);
  const tell = createLifeTeller(before);
  const readable = knownRuntimes().includes(agent.runtime);
  const begunMs = performance.now();
  const last = { unitMs: 0, screenMs: 0, unitEnded: null as string | null };
  let seen: PaneLook | null = null;
  for (;;) {
    const elapsedMs = performance.now() - begunMs;
    const { pane, former } = tell(await lookAtPane(actor, agent.name));
    if (pane === null && elapsedMs - last.unitMs >= UNIT_EVERY_MS) {
      last.unitMs = elapsedMs;
      last.unitEnded = await endOfUnit(actor, agent.unit);
    }
    const alive = pane !== null && pane !== "unknown" && !pane.dead;
    let screen: Reading | null = null;
    if (alive && readable && elapsedMs - last.screenMs >= SCREEN_EVERY_MS) {
      last.screenMs = elapsedMs;
      screen = await readScreen(actor, agent.runtime, pane);
    }
    if (pane !== null && pane !== "unknown") seen = pane;
    const beats = alive && patience.beatExpected && hasBeaten(actor, agent, pane.pid, before);
    const look: StartLook = { elapsedMs, pane, former, beats, screen, unitEnded: last.unitEnded };
    // Between two looks at the screen nothing is known of it, which must not count against what the last one saw.
    const outcome =
      alive && readable && screen === null && !beats && !isLate(look, patience) ? null : judge(look);
    if (outcome !== null || signal.aborted) {
      const ended = outcome ?? { what: "unobservable" as const };
      return {
        agent,
        already,
        outcome: ended,
        elapsedMs,
        pane: seen,
        lastLines: await lastLinesOf(actor, seen),
      };
    }
    await sleep(EVERY_MS);
  }
}

function isLate({ elapsedMs }: StartLook, { timeoutMs }: StartPatience): boolean {
  return elapsedMs >= timeoutMs;
}

/** The first pane of the agent's session. */
export async function lookAtPane(actor: Actor, name: string): Promise<StartLook["pane"]> {
  const format = "#{pane_id} #{pane_pid} #{pane_dead} s=#{pane_dead_status} g=#{pane_dead_signal}";
  const answer = await actor.tmux([["list-panes", "-t", `=${name}:`, "-F", format]]);
  if (answer.state === "unavailable") return "unknown";
  if (answer.state !== "answered") return null;
  const match = /^(%\d+) (\d+) ([01]) s=(\d*) g=(\d*)$/m.exec(answer.stdout);
  if (match === null) return null;
  const [, id = "", pid, dead, status = "", number = ""] = match;
  return {
    id,
    pid: Number(pid),
    dead: dead === "1",
    status: status === "" ? null : Number(status),
    signal: number === "" ? null : Number(number),
  };
}

function hasBeaten(actor: Actor, agent: AgentSpec, pid: number, before: StartLook["pane"]): boolean {
  const { places, account } = actor.own.here;
  const read = readBeatFile(`${places.runDirectory}/${agent.name}.hb`, account.uid, null);
  if (read.state !== "beat") return false;
  const process = readProcess(pid);
  if (process === null) return false;
  const nowUs = actor.own.clock.nowUs();
  const { occurredAtUs: atUs, precision, payload } = read.beat;
  if (nowUs - atUs > REACH_IN_INTERVALS * intervalOf(actor, agent) * 1e6) return false;
  const { startTicks } = process;
  const former = before === null || before === "unknown" || before.pid === pid ? null : before.pid;
  return isOfNewLife(
    { atUs, precision, pid: payload.pid, writerStartTicks: readProcess(payload.pid)?.startTicks ?? null },
    { bornAtUs: startedAtUs(startTicks, readBootClock(nowUs)), startTicks, formerPid: former },
  );
}

/** The roster's, else the one that the recorder resolved. */
function intervalOf({ own }: Actor, { name, intervalSeconds }: AgentSpec): number {
  const declared = documentOf(own.log.documents(), "roster", name)?.declaration.intervalSeconds;
  return intervalSeconds ?? declared ?? own.names.intervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
}

/** What systemd says of a unit of which nothing more will come, or null while something may. */
async function endOfUnit(actor: Actor, unit: string): Promise<string | null> {
  const shown = await actor.run(
    ["systemctl", "--user", "show", "-p", "ActiveState,SubState,Result", "--", unit],
    5000,
  );
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(shown.stdout)?.[1] ?? "";
  const [active, sub, result] = [value("ActiveState"), value("SubState"), value("Result")];
  if (active === "failed") return `failed (${result})`;
  if (active === "active" && sub === "exited") return "active (exited), with nothing behind it";
  return active === "inactive" ? "inactive" : null;
}

async function readScreen(actor: Actor, runtime: string, { id }: PaneLook): Promise<Reading | null> {
  const format =
    "#{cursor_x} #{cursor_y} #{cursor_flag} #{alternate_on} #{==:#{pane_title},#{host}} #{pane_title}";
  const answer = await actor.tmux([
    ["display-message", "-p", "-t", id, format],
    ["capture-pane", "-p", "-e", "-t", id],
  ]);
  if (answer.state !== "answered") return null;
  const end = answer.stdout.indexOf("\n");
  const match = /^(\d+) (\d+) ([01]) ([01]) ([01]) (.*)$/.exec(answer.stdout.slice(0, end));
  if (match === null) return null;
  const [, x, y, shown, alternate, untitled, title = ""] = match;
  return classify(runtime, {
    rows: parseRows(answer.stdout.slice(end + 1)),
    cursor: { x: Number(x), y: Number(y), visible: shown === "1" },
    alternate: alternate === "1",
    title: untitled === "1" ? null : title,
    dead: false,
  });
}

async function lastLinesOf(actor: Actor, pane: PaneLook | null): Promise<string[]> {
  if (pane === null) return [];
  const answer = await actor.tmux([["capture-pane", "-p", "-J", "-t", pane.id]]);
  if (answer.state !== "answered") return [];
  const lines = answer.stdout
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  return lines.slice(-SHOWN_LINES).map((line) => printable(line, MAX_LINE_CHARS));
}
