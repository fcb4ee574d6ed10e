import { setTimeout as sleep } from "node:timers/promises";
import { readWrittenFile, weigh, writeFiles } from "../../agents/apply.ts";
import { AGENT_TEMPLATE, type AgentSpec, isOurUnit } from "../../agents/fleet-spec.ts";
import { agentFiles } from "../../agents/plan.ts";
import { FleetError } from "../../store/errors.ts";
import { userName } from "../user-name.ts";
import type { Actor } from "./actor.ts";
import { lookAtPane } from "./await-start.ts";
import { failureOf } from "./programs.ts";

/** Where the digests of the files that fleet wrote are kept. */
export const memoryOf = (fleetHome: string): string => `${fleetHome}/lib/written.json`;

/** Brings the environment files of these agents up to the roster, so that what starts is what the roster says now. */
export async function refreshFiles(actor: Actor, agents: readonly AgentSpec[]): Promise<void> {
  const files = agents.filter(isOurUnit).flatMap((agent) => agentFiles(actor.spec, agent));
  const memory = memoryOf(actor.spec.fleetHome);
  const written = readWrittenFile(memory);
  // A fleet that another launcher set up keeps its own files, and gets none of ours.
  if (written[`${actor.spec.unitDirectory}/${AGENT_TEMPLATE}`] === undefined) return;
  const weighed = weigh(files, written, false);
  if (weighed.every(({ fate }) => fate === "same" || fate === "kept")) return;
  writeFiles(weighed, memory);
  if (weighed.some(({ file, fate }) => file.kind === "unit" && fate !== "same"))
    await actor.run(["systemctl", "--user", "daemon-reload"]);
}

/** Asks systemd for a start or restart of units; says why it refused, or null. Where it did, a start limit that was reached is forgotten, and it is asked again. */
export async function startUnits(
  actor: Actor,
  verb: "start" | "restart",
  units: readonly string[],
): Promise<string | null> {
  const words = ["systemctl", "--user", verb, "--", ...units];
  let finished = await actor.run(words);
  if (finished.code === 0) return null;
  await requireManager(actor, "started");
  await actor.run(["systemctl", "--user", "reset-failed", "--", ...units]);
  finished = await actor.run(words);
  if (finished.code === 0) return null;
  if (/not found|not loaded|No such file/i.test(finished.stderr))
    return `${failureOf(words, finished)} (\`fleet init\` writes the units)`;
  return failureOf(words, finished);
}

const GONE_WITHIN_MS = 5000;

/** Stops an agent on purpose; returns why it still runs, or null. What its unit does not own is closed in tmux. */
export async function stopAgent(
  actor: Actor,
  agent: Pick<AgentSpec, "name" | "unit">,
): Promise<string | null> {
  const words = ["systemctl", "--user", "stop", "--", agent.unit];
  const finished = await actor.run(words);
  const unitRefused = finished.code !== 0 && !/not loaded/i.test(finished.stderr);
  const pane = await lookAtPane(actor, agent.name);
  if (pane === null) return unitRefused ? failureOf(words, finished) : null;
  if (pane === "unknown") return "tmux does not answer, so whether it still runs is not known";
  // Started by hand, or by a launcher whose unit does not own it; a dead pane is put away too.
  await actor.tmux([["kill-session", "-t", `=${agent.name}`]]);
  const untilMs = performance.now() + GONE_WITHIN_MS;
  while (performance.now() < untilMs) {
    if ((await lookAtPane(actor, agent.name)) === null)
      return unitRefused ? failureOf(words, finished) : null;
    await sleep(50);
  }
  return `its session is still there (${agent.name} on socket ${actor.spec.socketName})`;
}

/** Does an act, and writes down for each of these agents that it failed where it throws: what was asked for has an outcome in the log. */
export async function orTellFailed<T>(
  actor: Pick<Actor, "tell">,
  { verb, names }: { readonly verb: string; readonly names: readonly string[] },
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    for (const name of names) actor.tell("operator.act.failed", name, { verb, reason });
    throw error;
  }
}

/** Throws when the service manager cannot be asked: nothing could be started or stopped. */
export async function requireManager(
  actor: Pick<Actor, "run" | "own">,
  what: "started" | "stopped",
): Promise<void> {
  const words = ["systemctl", "--user", "show", "-p", "Version"];
  const finished = await actor.run(words, 10_000);
  if (finished.code === 0) return;
  throw new FleetError("unavailable", failureOf(words, finished), {
    hint: `Without a user service manager nothing can be ${what}. Log in with a real session, or let an administrator run: loginctl enable-linger ${userName(actor.own.here.account.uid)}`,
  });
}
