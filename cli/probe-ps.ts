import { askAgents, type ProbeAnswer } from "../agents/beat/ask.ts";
import { checkRows } from "../query/check.ts";
import { psDocument } from "../query/ps.ts";
import type { PsDocument } from "../query/row.ts";
import { FleetError } from "../store/errors.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import { nowUs } from "./clock.ts";
import { countOf, has, type Invocation, namesIn } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { isFleetError } from "./failure.ts";
import { lookAround } from "./here.ts";
import { catchInterrupts } from "./interrupt.ts";
import { sayNobodyHere } from "./nobody-here.ts";
import { notOfThisHost, observe } from "./observe.ts";
import { openOwnLog } from "./own-log.ts";
import { readPresent } from "./present.ts";
import { isoMoment } from "./render/moment.ts";
import { formatPs } from "./render/ps-table.ts";
import { visible, wrap } from "./render/text.ts";
import { selectRows, unknownNames } from "./select-rows.ts";

const WAIT_MS = 2000;
/** Nagios' UNKNOWN. */
const NOTHING_TO_CHECK = 3;

/**
 * `fleet ps --probe`: asks each agent of which a beat is expected, waits, and shows the table as it is then with who has
 * answered and how fast. Each answer, and each that did not come, is an event.
 */
export async function probePs(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  if (has(invocation, "watch")) {
    throw new FleetError("usage", "--probe asks once, --watch never ends", { hint: "Give one of them." });
  }
  const before = await tableNow(invocation);
  const [unknown] = unknownNames(before, invocation);
  if (unknown !== undefined) return sayNobodyHere(invocation, unknown, before);
  const asked = selectRows(before, invocation)
    .agents.filter((row) => row.heartbeat.expected)
    .map(({ name }) => name);
  const waitMs = countOf(invocation, "wait") ?? WAIT_MS;
  const askedAtUs = nowUs();
  const { answers, interrupted } = await ask(invocation, asked, waitMs);
  remember(answers, waitMs, invocation);

  const document = selectRows(await tableNow(invocation), invocation);
  if (has(invocation, "json")) {
    const probe = {
      asked_at: isoMoment(askedAtUs),
      waited_ms: waitMs,
      answers: answers.map(({ agent, afterMs, source }) => ({
        agent,
        answered: afterMs !== null,
        after_ms: afterMs,
        source,
      })),
    };
    output.print(`${JSON.stringify({ ...document, probe }, null, 2)}\n`);
  } else {
    const table = formatPs(document, { width: output.width(), paint: output.paint });
    const remarks = probeRemarks(answers, waitMs).flatMap((line) => wrap(line, output.width() ?? 1000));
    output.print(`${[...table, ...remarks].join("\n")}\n`);
  }
  if (interrupted) return EXIT.interrupted;
  if (!has(invocation, "check")) return EXIT.done;
  return document.agents.length === 0 ? NOTHING_TO_CHECK : checkRows(document.agents);
}

async function tableNow(invocation: Invocation): Promise<PsDocument> {
  const { reader, observer, brought } = await observe(invocation.environment, {
    collect: !has(invocation, "no-collect"),
    complain: invocation.output.complain,
  });
  try {
    // Whoever answers is of this host, and an answer is an event.
    if (brought !== null) throw notOfThisHost(brought);
    const all = has(invocation, "all") || namesIn(invocation).length > 0;
    return psDocument(readPresent(reader, { nowUs: nowUs(), observer, all }));
  } finally {
    reader.close();
  }
}

async function ask(
  { environment }: Invocation,
  agents: readonly string[],
  waitMs: number,
): Promise<{ answers: ProbeAnswer[]; interrupted: boolean }> {
  const { places, account } = lookAround(environment);
  const interrupt = catchInterrupts();
  try {
    const { uid } = account;
    const { signal } = interrupt;
    const answers = await askAgents({ agents, directory: places.runDirectory, uid, waitMs, signal });
    return { answers, interrupted: signal.aborted };
  } finally {
    interrupt.release();
  }
}

/** A log that takes nothing more (a full disk) must not hide the answers. */
function remember(
  answers: readonly ProbeAnswer[],
  waitMs: number,
  { environment, output }: Invocation,
): void {
  if (answers.length === 0) return;
  try {
    const { log } = openOwnLog(environment, { keepIdentity: true });
    try {
      log.append({ source: "operator", events: answers.map((answer) => eventOf(answer, waitMs)) });
    } finally {
      log.close();
    }
  } catch (error) {
    if (!isFleetError(error)) throw error;
    output.complain(`fleet: the answers could not be recorded: ${visible(error.message)}\n`);
  }
}

function eventOf({ agent, nonce, afterMs, pid, source }: ProbeAnswer, waitedMs: number): FleetEvent {
  const common = { agent, source: "operator", occurredAtUs: nowUs(), precision: "us" } as const;
  if (afterMs === null)
    return { ...common, type: "heartbeat.probe.unanswered", payload: { nonce, waitedMs } };
  const evidence = source === "runtime" || source === "hook" ? source : "sidecar";
  return { ...common, type: "heartbeat.probe.answered", payload: { nonce, afterMs, pid, evidence } };
}

function probeRemarks(answers: readonly ProbeAnswer[], waitMs: number): string[] {
  const answered = answers.filter(({ afterMs }) => afterMs !== null);
  const silent = answers.filter(({ afterMs }) => afterMs === null);
  const told = answered.map(
    ({ agent, afterMs, source }) =>
      `${agent} after ${afterMs} ms${source === "runtime" ? "" : ` (${visible(source ?? "")})`}`,
  );
  const names = silent.map(({ agent }) => agent);
  return [
    ...(answers.length === 0 ? ["Nobody was asked: no heartbeat is expected of any of these."] : []),
    ...(told.length === 0 ? [] : [`Answered the probe: ${told.join(", ")}.`]),
    ...(names.length === 0 ? [] : [`No answer within ${waitMs} ms: ${names.join(", ")}.`]),
  ];
}
