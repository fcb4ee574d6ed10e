import { MESSAGE_EVENTS, type MessageEntry, messagesOf } from "../../query/messages.ts";
import { type Lost, readAfterLost } from "../../store/archive/lost.ts";
import { knownAgents } from "../agent-panes.ts";
import { nowUs } from "../clock.ts";
import { countOf, has, type Invocation, textOf } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { hostsShown } from "../hosts-shown.ts";
import { agentsIn, elsewhereIn } from "../known-agents.ts";
import { sayNobody } from "../no-such-agent.ts";
import { namedPartition } from "../partition-asked.ts";
import { filterUpTo, passedMoment, refuseBeforeTheLog } from "../passed-moment.ts";
import { formatMessages } from "../render/messages-table.ts";
import { isoMoment } from "../render/moment.ts";
import { momentOf, refuseLater } from "../select-events.ts";

const DEFAULT_LIMIT = 50;

/** `fleet messages [NAME...]`: the ledger. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const now = nowUs();
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  try {
    const said = textOf(invocation, "at");
    const at = said === undefined ? null : passedMoment(said, "--at", { reader, output, now });
    // Relative times count from --at, as everywhere.
    const sinceFrom = at?.atUs ?? now;
    const since = momentOf(invocation, "since", sinceFrom);
    refuseLater(since, sinceFrom, at === null ? "now" : "--at");
    refuseBeforeTheLog(reader, filterUpTo(at).untilUs);
    const partition = namedPartition(invocation, reader);
    const filter = { ...filterUpTo(at), types: MESSAGE_EVENTS, ...(partition ?? {}) };
    const { found: ledger, lost } = readAfterLost((afterSeq) =>
      messagesOf(reader.events({ ...filter, afterSeq })),
    );
    const own = reader.identity();
    const isOwn = partition === null || (partition.tenantId === own.tenantId && partition.host === own.host);
    const known = [
      ...(isOwn ? knownAgents(here, reader.documents(own)) : []),
      ...(partition === null ? reader.partitions() : [partition]).flatMap((one) =>
        agentsIn(reader.documents(one)),
      ),
      ...ledger.map(({ agent }) => agent ?? ""),
    ];
    const unknown = invocation.arguments.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      if (lost !== null) throw lost;
      const elsewhere = partition === null ? [] : elsewhereIn(reader, partition, unknown);
      return sayNobody(output, { unknown, known: [...new Set(known)].filter(Boolean).sort(), elsewhere });
    }
    const all = ledger.filter(
      (one) =>
        (invocation.arguments.length === 0 || invocation.arguments.includes(one.agent ?? "")) &&
        (since === null || (since.kind === "seq" ? one.seq >= since.seq : one.requestedAtUs >= since.atUs)),
    );
    const limit = countOf(invocation, "limit") ?? (since === null ? DEFAULT_LIMIT : all.length);
    const isEnough =
      all.length >= (countOf(invocation, "limit") ?? (since === null ? DEFAULT_LIMIT : Infinity));
    if (lost !== null && !isEnough)
      refuseUnlessLater(lost, since, (sinceUs) => reader.events({ ...filter, sinceUs }));
    const shown = limit === 0 ? [] : all.slice(-limit);
    if (has(invocation, "json")) {
      const { tenantId, host } = partition ?? own;
      const until = at === null ? nowUs() : at.seq === null ? at.atUs : null;
      const document = {
        schema: "fleet.messages.v1",
        tenant_id: tenantId,
        host,
        at: until === null ? null : isoMoment(until),
        log_seq: at?.seq ?? reader.lastSeq(),
        messages: shown.map(jsonOf),
      };
      output.print(`${JSON.stringify(document, null, 2)}\n`);
    } else if (limit === 0 && all.length > 0) output.complain("--limit 0 lists no message.\n");
    else if (shown.length === 0) output.complain("No message matches.\n");
    else
      output.print(
        `${formatMessages(shown, { width: output.width(), paint: output.paint, nowUs: nowUs(), hosts: hostsShown(shown) }).join("\n")}\n`,
      );
    return EXIT.done;
  } finally {
    reader.close();
  }
}

function jsonOf(one: MessageEntry): object {
  const { digest, bytes, lines, text, user, until, traceparent } = one.requested;
  return {
    tenant_id: one.tenantId,
    host: one.host,
    agent: one.agent,
    message: one.id,
    state: one.state,
    verdict: one.verdict,
    kind: one.kind,
    proof: one.proof,
    queued: one.queued,
    because: one.because,
    typed: one.typed,
    submitted: one.submitted,
    via: one.via,
    session: one.session,
    runtime_message: one.runtimeMessage,
    requested_at: isoMoment(one.requestedAtUs),
    at: isoMoment(one.atUs),
    digest,
    bytes,
    lines,
    text,
    user,
    until,
    traceparent,
    seq: one.seq,
    last_seq: one.lastSeq,
  };
}

/** Whoever asks for the last ones, or for those since a moment, need not know what came before them; anybody else is told what is not known. */
function refuseUnlessLater(
  lost: Lost,
  since: ReturnType<typeof momentOf>,
  messagesSince: (us: number) => Iterable<unknown>,
): void {
  if (since === null || (since.kind === "seq" && since.seq <= lost.throughSeq)) throw lost;
  if (since.kind === "seq") return;
  // What is told late lies in later files than its own time: the files themselves say whether they reach so far.
  for (const _ of messagesSince(since.atUs));
}
