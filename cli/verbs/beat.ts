import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { BEAT_STATUSES, type BeatStatus, checkAgentName } from "../../agents/beat/beat.ts";
import { type ResponderOptions, startResponder, writeBeat } from "../../agents/beat/responder.ts";
import { runSidecar } from "../../agents/beat/sidecar.ts";
import { isZombie, readProcess } from "../../collectors/proc/stat.ts";
import { FleetError } from "../../store/errors.ts";
import { nowUs } from "../clock.ts";
import { countOf, has, type Invocation, textOf } from "../declaration.ts";
import { type Names, resolveNames, resolvePlaces } from "../environment.ts";
import { EXIT } from "../exit.ts";
import { currentAccount } from "../here.ts";
import { catchInterrupts } from "../interrupt.ts";
import { intervalOf } from "../interval-of.ts";
import { panePidOf } from "../pane-pid.ts";
import { isoMoment } from "../render/moment.ts";
import { inQuotes, visible } from "../render/text.ts";
import { readRosterFile } from "../roster-file.ts";
import { userName } from "../user-name.ts";

type Life = { readonly pid: number; readonly startTicks: number };

/** `fleet beat`: protocol v1 from the agent's side. Opens no log: what it writes is seen by whoever records. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const name = checkAgentName(invocation.arguments[0] ?? "");
  refuseIdleOptions(invocation);
  const account = currentAccount(environment);
  const places = resolvePlaces(environment, account);
  const names = resolveNames(environment, { ...account, hostname: hostname() });
  const life = await lifeToVouchFor(invocation, names);
  const lives = (): boolean => isAlive(life);

  let status = (textOf(invocation, "status") ?? "ok") as BeatStatus;
  const more = { task: textOf(invocation, "task") ?? null, model: textOf(invocation, "model") ?? null };
  const options: Omit<ResponderOptions, "source"> = {
    name,
    directory: places.runDirectory,
    uid: account.uid,
    pid: life.pid,
    intervalSeconds: intervalOf(name, textOf(invocation, "interval"), places.roster, names),
    state: () => ({ status, ...more }),
    onBeat(beat) {
      if (!has(invocation, "json")) return;
      const tenantId = names.tenantOverride ?? userName(account.uid);
      const at = isoMoment(beat.atMs * 1000);
      const document = { schema: "fleet.beat.v1", tenant_id: tenantId, host: names.host, agent: name };
      output.print(`${JSON.stringify({ ...document, ...beat, atMs: undefined, at })}\n`);
    },
    onTrouble: (error) => output.complain(`fleet: cannot beat: ${visible(error.message)}\n`),
  };

  if (has(invocation, "sidecar")) {
    sayUnlisted(invocation, name, places.roster);
    const interrupt = catchInterrupts();
    try {
      await runSidecar({ ...options, lives, signal: interrupt.signal });
      return interrupt.cause() === "SIGINT" ? EXIT.interrupted : EXIT.done;
    } finally {
      interrupt.release();
    }
  }
  if (!has(invocation, "loop")) {
    const beat = { atMs: nowUs() / 1000, pid: life.pid, status, source: "runtime", ...more } as const;
    writeBeat(places.runDirectory, name, account.uid, beat);
    options.onBeat?.(beat);
    sayUnlisted(invocation, name, places.roster);
    return EXIT.done;
  }
  sayUnlisted(invocation, name, places.roster);
  return loop(options, {
    lives,
    statuses: has(invocation, "stdin"),
    take(word) {
      if (!(BEAT_STATUSES as readonly string[]).includes(word)) {
        output.complain(`fleet: ${inQuotes(word.slice(0, 80))} is not a status\n`);
        return false;
      }
      status = word as BeatStatus;
      return true;
    },
  });
}

/** A name that the roster does not have is as often mistyped as meant: the beat is written, and whoever did it is told. */
function sayUnlisted({ output }: Invocation, name: string, path: string): void {
  const roster = readRosterFile(path);
  if (!roster?.ok || roster.roster.agents.some((agent) => agent.name === name)) return;
  const known = roster.roster.agents.map((agent) => visible(agent.name)).join(", ");
  output.complain(
    `fleet: ${visible(name)} beats, and no agent is called so in ${visible(path)}\n  Known there: ${known}.\n`,
  );
}

/** Beats until the program that is vouched for ends, its statuses end, or a signal comes. */
async function loop(
  options: Omit<ResponderOptions, "source">,
  agent: { lives: () => boolean; statuses: boolean; take: (word: string) => boolean },
): Promise<number> {
  const interrupt = catchInterrupts();
  const responder = startResponder({ ...options, source: "runtime" });
  const watch = setInterval(() => {
    if (!agent.lives()) interrupt.end();
  }, 250);
  const lines = agent.statuses ? createInterface({ input: process.stdin }) : null;
  lines?.on("line", (line) => {
    if (agent.take(line.trim())) responder.beat();
  });
  lines?.on("close", interrupt.end);
  try {
    await new Promise<void>((resolve) => {
      if (interrupt.signal.aborted) resolve();
      else interrupt.signal.addEventListener("abort", () => resolve());
    });
    return interrupt.cause() === "SIGINT" ? EXIT.interrupted : EXIT.done;
  } finally {
    clearInterval(watch);
    lines?.close();
    responder.close();
    interrupt.release();
  }
}

/** Options that would be silently without effect are refused: somebody meant something by them. */
function refuseIdleOptions(words: Invocation): void {
  const wants: [option: string, other: string][] = [
    ["stdin", "loop"],
    ["pane", "sidecar"],
    ["socket", "pane"],
  ];
  for (const [option, other] of wants) {
    if (has(words, option) && !has(words, other)) {
      throw new FleetError("usage", `--${option} means nothing without --${other}`, {
        hint: "See `fleet beat --help`.",
      });
    }
  }
  const clash = has(words, "sidecar") && (has(words, "loop") || has(words, "stdin"));
  if (clash || (has(words, "pane") && has(words, "pid"))) {
    throw new FleetError(
      "usage",
      clash ? "--sidecar is a loop already" : "--pane and --pid say the same twice",
      {
        hint: "Give one of them.",
      },
    );
  }
  if (has(words, "sidecar") && !has(words, "pane") && !has(words, "pid")) {
    throw new FleetError("usage", "a sidecar needs to know for which process it beats", {
      hint: "Give --pid PID or --pane %N.",
    });
  }
}

async function lifeToVouchFor(words: Invocation, names: Names): Promise<Life> {
  const pane = textOf(words, "pane");
  const pid =
    pane === undefined
      ? (countOf(words, "pid") ?? process.ppid)
      : await panePidOf(pane, textOf(words, "socket"), words.environment, names);
  const found = readProcess(pid);
  if (found !== null && !isZombie(found)) return { pid, startTicks: found.startTicks };
  throw new FleetError("unavailable", `there is no process ${pid} to beat for`, {
    hint: "Give the pid of a process that runs.",
  });
}

function isAlive({ pid, startTicks }: Life): boolean {
  const found = readProcess(pid);
  return found !== null && !isZombie(found) && found.startTicks === startTicks;
}
