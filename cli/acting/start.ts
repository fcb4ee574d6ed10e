import type { AgentSpec } from "../../agents/fleet-spec.ts";
import type { SendOutcome } from "../../agents/send/send.ts";
import { isFailure } from "../../agents/starting.ts";
import { countOf, has, type Invocation, textOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { catchInterrupts } from "../interrupt.ts";
import { formatStartReports, startDocument } from "../render/start-report.ts";
import { visible } from "../render/text.ts";
import type { Actor } from "./actor.ts";
import { awaitStart, lookAtPane, type StartReport } from "./await-start.ts";
import { orTellFailed, refreshFiles, startUnits } from "./lifecycle.ts";
import { resetAgent } from "./reset.ts";

const DEFAULT_TIMEOUT_SECONDS = 10;

/**
 * Starts agents by their units and stays until it is known how each start went. `verb` is the name under which this was asked for;
 * `besides` are the holder's session and the units that have to run for them.
 */
export async function startAgents(
  actor: Actor,
  invocation: Invocation,
  request: {
    readonly verb: "agent start" | "agent restart" | "up";
    readonly agents: readonly AgentSpec[];
    readonly besides?: { readonly session: string; readonly units: readonly string[] };
  },
): Promise<number> {
  const { output } = invocation;
  const { verb, agents, besides } = request;
  const interrupt = catchInterrupts();
  try {
    const restarts = verb === "agent restart";
    await refreshFiles(actor, agents);
    // As late as possible: what systemd itself starts meanwhile is not what was asked for.
    const before = await Promise.all(agents.map(({ name }) => lookAtPane(actor, name)));
    for (const { name, unit } of agents)
      actor.tell(restarts ? "operator.restart.requested" : "operator.start.requested", name, { verb, unit });
    const units = [...(besides?.units ?? []), ...agents.map(({ unit }) => unit)];
    const names = [...(besides === undefined ? [] : [besides.session]), ...agents.map(({ name }) => name)];
    const refused = await orTellFailed(actor, { verb, names }, () =>
      startUnits(actor, restarts ? "restart" : "start", units),
    );
    if (refused !== null) output.complain(`fleet: ${refused}\n`);
    const declared = new Map(actor.roster.agents.map((agent) => [agent.name, agent]));
    const timeoutMs = (countOf(invocation, "timeout") ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
    const reports = await Promise.all(
      agents.map((agent, index) => {
        const found = before[index] ?? null;
        const already = !restarts && found !== null && found !== "unknown" && !found.dead;
        const beatExpected = declared.get(agent.name)?.heartbeat !== "not-expected";
        const patience = { timeoutMs, beatExpected, lifecycle: agent.lifecycle };
        const old = already ? null : found;
        return awaitStart(actor, agent, patience, { already, before: old, signal: interrupt.signal });
      }),
    );
    for (const { agent, outcome } of reports)
      if (isFailure(outcome)) actor.tell("operator.act.failed", agent.name, { verb, reason: outcome.what });
    const resets = await resetForTask(actor, invocation, reports);
    print(actor, invocation, verb, { reports, resets });
    if (interrupt.cause() !== null) return interrupt.exitCode();
    const failed =
      reports.some(({ outcome }) => isFailure(outcome)) ||
      [...resets.values()].some(({ verdict }) => verdict?.verdict !== "accepted");
    return refused !== null || failed ? EXIT.failed : EXIT.done;
  } finally {
    interrupt.release();
  }
}

/** With --task: who ran already, and forgets between tasks by the roster's word, begins this one without the last one's context. */
async function resetForTask(
  actor: Actor,
  invocation: Invocation,
  reports: readonly StartReport[],
): Promise<Map<string, SendOutcome>> {
  const task = textOf(invocation, "task");
  const resets = new Map<string, SendOutcome>();
  if (task === undefined) return resets;
  for (const { agent, already, outcome } of reports) {
    const declared = actor.roster.agents.find(({ name }) => name === agent.name);
    if (!already || isFailure(outcome) || !declared?.reset_between_tasks || declared.persistent_persona)
      continue;
    resets.set(
      agent.name,
      await resetAgent(actor, invocation.environment, agent, { verb: "agent start", task }),
    );
  }
  return resets;
}

function print(
  actor: Actor,
  invocation: Invocation,
  verb: string,
  { reports, resets }: { reports: readonly StartReport[]; resets: ReadonlyMap<string, SendOutcome> },
): void {
  const { output } = invocation;
  if (has(invocation, "json")) {
    const { tenantId, host } = actor.own.identity;
    const agents = reports.map((report) => {
      const verdict = resets.get(report.agent.name)?.verdict;
      const reset = verdict ? { verdict: verdict.verdict, because: verdict.because } : null;
      return { ...(startDocument(report) as object), reset };
    });
    const document = { schema: `fleet.${verb.replace(" ", "-")}.v1`, tenant_id: tenantId, host, agents };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else if (reports.length > 0) {
    output.print(`${formatStartReports(reports, output.paint).join("\n")}\n`);
    for (const [name, { verdict }] of resets)
      output.print(
        `  ${visible(name)}  reset for its task: ${verdict?.verdict}, ${visible(verdict?.because ?? "")}\n`,
      );
  }
}
