import { readlinkSync } from "node:fs";
import { attachTo } from "../../agents/attach.ts";
import { findPane } from "../../agents/pane/pane.ts";
import { FleetError } from "../../store/errors.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import { agentNameOf, knownAgents, tmuxServersOf } from "../agent-panes.ts";
import { monotonicUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { catchInterrupts } from "../interrupt.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { openOwnLog } from "../own-log.ts";
import { userName } from "../user-name.ts";

/** What a client needs to know of a terminal; everything else of ours stays out of it. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "TERM",
  "COLORTERM",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "SHELL",
  "USER",
  "SSH_TTY",
];

/** `fleet attach NAME`: the one verb with which a person types into an agent, and the record of it. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const agent = agentNameOf(invocation);
  if (!output.isTerminal || !process.stdin.isTTY) {
    throw new FleetError("usage", "attach joins a terminal to an agent, and this is none", {
      hint: "`fleet tail NAME` prints its lines, `fleet send NAME TEXT` types for you.",
    });
  }
  const own = openOwnLog(environment);
  const interrupt = catchInterrupts();
  try {
    const documents = own.log.documents();
    const known = knownAgents(own.here, documents);
    const found = await findPane(tmuxServersOf(environment, { ...own, documents }, agent), agent);
    if (found.state !== "found") {
      if (found.state !== "no-answer" && !known.includes(agent)) return sayNoSuchAgent(output, agent, known);
      throw new FleetError("unavailable", `there is nothing to attach to: ${found.because}`, {
        hint: "`fleet ps` says what runs.",
      });
    }
    const who = { verb: "attach", user: userName(own.here.account.uid), pid: process.pid };
    const record = (type: "operator.attached" | "operator.detached", payload: object): void => {
      const occurredAtUs = Math.floor(own.clock.nowUs());
      const event = {
        type,
        agent,
        source: "operator",
        occurredAtUs,
        precision: "us",
        payload: { ...who, ...payload },
      };
      own.log.append({ source: "operator", events: [event as unknown as FleetEvent] });
    };
    record("operator.attached", {
      socket: found.server.socketPath,
      pane: found.pane,
      terminal: terminalName(),
    });
    const beganUs = monotonicUs();
    const variables = PASSED_ON.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    let how = "failed";
    try {
      how = await attachTo({
        pane: found,
        session: agent,
        environment: Object.fromEntries(variables),
        resize: has(invocation, "resize"),
        signal: interrupt.signal,
      });
    } finally {
      const seconds = Math.round((monotonicUs() - beganUs) / 1000) / 1000;
      record("operator.detached", { pane: found.pane, seconds, how });
      const { tenantId, host } = own.identity;
      if (has(invocation, "json")) {
        const document = {
          schema: "fleet.attach.v1",
          tenant_id: tenantId,
          host,
          agent,
          pane: found.pane,
          seconds,
          how,
        };
        output.print(`${JSON.stringify(document)}\n`);
      } else output.print(`${how} after ${seconds} s; this is in the log (fleet events --type operator.)\n`);
    }
    return interrupt.exitCode() === 0 ? EXIT.done : interrupt.exitCode();
  } finally {
    interrupt.release();
    own.log.close();
  }
}

function terminalName(): string {
  try {
    return readlinkSync("/proc/self/fd/0");
  } catch {
    return "a terminal";
  }
}
