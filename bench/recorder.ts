/**
 * What recording costs while nothing happens, and how soon what happens is known: a private fleet of 50 real sessions with
 * stub agents that beat each 15 s, the recorder as it is started by an operator, and `fleet ps --json` as a whole process,
 * asked again and again until it shows the change.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type LiveAgents, startLiveAgents } from "./live-agents.ts";
import type { Result } from "./result.ts";
import { atMost, info, median, table } from "./result.ts";

const AGENTS = 50;
const SILENT = "beater";
const SETTLE_MS = 8_000;
const WATCHED_MS = 30_000;
const KILLS = 15;
const BEATS = 30;
/** USER_HZ, what /proc counts processor time in. */
const TICKS_PER_SECOND = 100;

export async function run(): Promise<Result[]> {
  const fleet = await startLiveAgents(AGENTS, SILENT);
  try {
    await pause(SETTLE_MS);
    const beating = await loadOf(fleet.recorderPid);
    fleet.stopBeating();
    await pause(SETTLE_MS);
    const quiet = await loadOf(fleet.recorderPid);
    const beats = await latencies(BEATS, () => beatSeen(fleet));
    const kills = await latencies(KILLS, (round) => deathSeen(fleet, fleet.names[round] as string));
    return [
      info(`recorder: of a core, ${AGENTS} agents that beat each 15 s`, beating.own + beating.children, "%"),
      info("recorder: of a core, nothing changes, tmux and systemctl that it runs", quiet.children, "%"),
      atMost("recorder: of a core, nothing changes", quiet.own + quiet.children, "%", 1),
      atMost("recorder: resident memory", memoryOf(fleet.recorderPid), "MB", 100),
      atMost("recorder: heartbeat until ps --json shows it, median", median(beats), "ms", 100),
      atMost("recorder: killed pane until ps --json shows it, median", median(kills), "ms", 300),
    ];
  } finally {
    await fleet.end();
  }
}

/** Processor time in percent of one core: its own, and of the programs that it has run. */
async function loadOf(pid: number): Promise<{ own: number; children: number }> {
  const before = usedBy(pid);
  const begunMs = performance.now();
  await pause(WATCHED_MS);
  const after = usedBy(pid);
  const seconds = (performance.now() - begunMs) / 1000;
  const share = (ticks: number): number => (ticks / TICKS_PER_SECOND / seconds) * 100;
  return { own: share(after.own - before.own), children: share(after.children - before.children) };
}

/** One after the other, with pauses that are no multiple of anybody's tick. */
async function latencies(rounds: number, once: (round: number) => number): Promise<number[]> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await pause(311 + ((round * 173) % 400));
    taken.push(once(round));
  }
  return taken;
}

function beatSeen(fleet: LiveAgents): number {
  const at = new Date().toISOString();
  const begunMs = performance.now();
  fleet.writeBeat(SILENT, `ts=${at} pid=${process.pid} status=ok\n`);
  return askedUntil(begunMs, () => fleet.ps(SILENT).agents[0]?.heartbeat.at === at);
}

function deathSeen(fleet: LiveAgents, name: string): number {
  const begunMs = performance.now();
  fleet.kill(name);
  return askedUntil(begunMs, () => ["dead", "failed"].includes(fleet.ps(name).agents[0]?.status ?? ""));
}

function askedUntil(begunMs: number, seen: () => boolean): number {
  while (!seen()) if (performance.now() - begunMs > 20_000) throw new Error("it was not seen within 20 s");
  return performance.now() - begunMs;
}

/** Processor time so far, in ticks: of the process, and of the children it has waited for. */
function usedBy(pid: number): { own: number; children: number } {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const field = (n: number): number => fields[n - 3] ?? 0;
  return { own: field(14) + field(15), children: field(16) + field(17) };
}

function memoryOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kilobytes) / 1024;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(table(await run()));
