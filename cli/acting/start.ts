import type { AgentSpec } from "../../agents/fleet-spec.ts";
import { isFailure } from "../../agents/starting.ts";
import { countOf, has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { catchInterrupts } from "../interrupt.ts";
import { formatStartReports, startDocument } from "../render/start-report.ts";
import type { Actor } from "./actor.ts";
import { awaitStart, lookAtPane, type StartReport } from "./await-start.ts";
import { refreshFiles, requireManager, startUnits } from "./lifecycle.ts";

const DEFAULT_TIMEOUT_SECONDS = 10;

/**
 * Starts agents by their units and stays until it is known how each start went. `verb` is the name under which this was asked for;
 * `besides` are units that have to run for them.
 */
export async function startAgents(
  actor: Actor,
  invocation: Invocation,
  request: {
    readonly verb: "agent start" | "agent restart" | "up";
    readonly agents: readonly AgentSpec[];
    readonly besides?: readonly string[];
  },
): Promise<number> {
  const { output } = invocation;
  const { verb, agents } = request;
  const interrupt = catchInterrupts();
  try {
    await requireManager(actor);
    await refreshFiles(actor, agents);
    const restarts = verb === "agent restart";
    const before = await Promise.all(agents.map(({ name }) => lookAtPane(actor, name)));
    for (const { name, unit } of agents)
      actor.tell(restarts ? "operator.restart.requested" : "operator.start.requested", name, { verb, unit });
    const units = [...(request.besides ?? []), ...agents.map(({ unit }) => unit)];
    const refused = await startUnits(actor, restarts ? "restart" : "start", units);
    if (refused !== null) output.complain(`fleet: ${refused}\n`);
    const declared = new Map(actor.roster.agents.map((agent) => [agent.name, agent]));
    const timeoutMs = (countOf(invocation, "timeout") ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
    const reports = await Promise.all(
      agents.map((agent, index) => {
        const found = before[index];
        const already = !restarts && typeof found === "object" && found !== null && !found.dead;
        const beatExpected = declared.get(agent.name)?.heartbeat !== "not-expected";
        const patience = { timeoutMs, beatExpected, lifecycle: agent.lifecycle };
        return awaitStart(actor, agent, patience, { already, signal: interrupt.signal });
      }),
    );
    for (const { agent, outcome } of reports)
      if (isFailure(outcome)) actor.tell("operator.act.failed", agent.name, { verb, reason: outcome.what });
    print(actor, invocation, verb, reports);
    if (interrupt.cause() !== null) return interrupt.exitCode();
    return refused !== null || reports.some(({ outcome }) => isFailure(outcome)) ? EXIT.failed : EXIT.done;
  } finally {
    interrupt.release();
  }
}

function print(actor: Actor, invocation: Invocation, verb: string, reports: readonly StartReport[]): void {
  const { output } = invocation;
  if (has(invocation, "json")) {
    const { tenantId, host } = actor.own.identity;
    const agents = reports.map(startDocument);
    const document = { schema: `fleet.${verb.replace(" ", "-")}.v1`, tenant_id: tenantId, host, agents };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else if (reports.length > 0) {
    output.print(`${formatStartReports(reports, output.paint).join("\n")}\n`);
  }
}
