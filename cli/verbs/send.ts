import { existsSync, readFileSync, readSync, statSync } from "node:fs";
import type { Until } from "../../agents/send/follow.ts";
import { HAND_EVENTS } from "../../agents/send/hands.ts";
import { type SendOutcome, sendMessage } from "../../agents/send/send.ts";
import { checkMessage, decodeMessage, MAX_MESSAGE_BYTES, tooLong } from "../../agents/send/text.ts";
import { isTraceparent } from "../../agents/send/traceparent.ts";
import { VERDICT_EXIT, type Verdict } from "../../agents/send/verdict.ts";
import { MESSAGE_EVENTS } from "../../query/messages.ts";
import { FleetError } from "../../store/errors.ts";
import { newLogId } from "../../store/log-id.ts";
import { openReader } from "../../store/reader.ts";
import { agentNameOf, knownAgents, tmuxServersOf, toolEnvironment } from "../agent-panes.ts";
import { countOf, has, type Invocation, textOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { type OwnLog, openOwnLog } from "../own-log.ts";
import { ownSpans } from "../own-spans.ts";
import { visible } from "../render/text.ts";
import { userName } from "../user-name.ts";

const DEFAULT_TIMEOUT_MS = 6000;
/** An id is a word of events, of a cursor's name and of command lines. */
const ID = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$/;

/** `fleet send NAME [TEXT|-]`: one message, and what became of it. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const agent = agentNameOf(invocation);
  const verify = has(invocation, "verify");
  const until = (textOf(invocation, "until") ?? "accepted") as Until;
  if (has(invocation, "until") && !verify) {
    throw new FleetError("usage", "--until means nothing without --verify", { hint: "Add --verify." });
  }
  const text = checkMessage(messageOf(invocation), { strip: has(invocation, "strip-controls") });
  const traceparent = traceparentOf(invocation);
  const given = idOf(invocation);
  const own = openOwnLog(environment);
  try {
    const message = given ?? newLogId(own.clock.nowUs());
    const documents = own.log.documents();
    const known = knownAgents(own.here, documents);
    const spans = await ownSpans(environment, own.identity);
    const within = (work: (given: string | null) => Promise<SendOutcome>): Promise<SendOutcome> =>
      spans === null
        ? work(traceparent)
        : spans.within(
            "fleet send",
            { parent: traceparent, attributes: { "gen_ai.agent.name": agent } },
            work,
          );
    const order = {
      agent,
      message,
      isRepeatable: given !== null,
      text,
      keepText: has(invocation, "keep-text"),
      command: has(invocation, "command"),
      append: has(invocation, "append"),
      verify,
      until,
      timeoutMs: countOf(invocation, "timeout") ?? DEFAULT_TIMEOUT_MS,
    };
    const outcome = await within((given) =>
      sendMessage(
        {
          servers: tmuxServersOf(environment, { ...own, documents }, agent),
          acks: { directory: own.here.places.runDirectory, agent, uid: own.here.account.uid },
          environment: toolEnvironment(environment),
          append: (events, claim) => {
            const cursor =
              claim === undefined ? {} : { cursor: { name: claim, expected: null, next: "sent" } };
            return own.log.append({ source: "operator", events, ...cursor }).ok;
          },
          ledger: () => ledgerOf(own, agent),
          logId: own.log.logId,
          wallUs: () => Math.floor(own.clock.nowUs()),
          user: userName(own.here.account.uid),
          isKnown: known.includes(agent),
        },
        { ...order, traceparent: given, meantFor: null },
      ),
    );
    await spans?.end();
    if (outcome.isNowhere) return sayNoSuchAgent(output, agent, known);
    if (has(invocation, "json")) {
      output.print(`${JSON.stringify(documentOf(own, { agent, message, until, text }, outcome), null, 2)}\n`);
    } else print(invocation, agent, message, until, outcome);
    return exitOf(outcome, until);
  } finally {
    own.log.close();
  }
}

function messageOf(words: Invocation): string {
  const [, text] = words.arguments;
  const file = textOf(words, "file");
  if ((text === undefined) === (file === undefined)) {
    const problem = text === undefined ? "there is no message" : "the message is given twice";
    throw new FleetError("usage", problem, { hint: "Give a text, `-` for standard input, or --file FILE." });
  }
  if (file !== undefined) {
    if (!existsSync(file))
      throw new FleetError("usage", `there is no file ${file}`, { hint: "Check its name." });
    if (statSync(file).isDirectory())
      throw new FleetError("usage", `${file} is a directory`, { hint: "Name a file in it." });
    if (statSync(file).size > MAX_MESSAGE_BYTES + 1) throw tooLong(statSync(file).size);
    return decodeMessage(readFileSync(file), file);
  }
  return text === "-" ? decodeMessage(readStandardInput(), "standard input") : (text as string);
}

/** As much as a message may have, and one byte that shows that there is more. */
function readStandardInput(): Buffer {
  const buffer = Buffer.alloc(MAX_MESSAGE_BYTES + 2);
  let bytes = 0;
  while (bytes < buffer.length) {
    const read = readSync(0, buffer, bytes, buffer.length - bytes, null);
    if (read === 0) break;
    bytes += read;
  }
  return buffer.subarray(0, bytes);
}

/** --traceparent, else TRACEPARENT. A variable that some other program left behind and that is none is passed over. */
function traceparentOf(words: Invocation): string | null {
  const given = textOf(words, "traceparent");
  if (given !== undefined && !isTraceparent(given)) {
    throw new FleetError(
      "usage",
      `--traceparent ${JSON.stringify(given.slice(0, 80))} is not a W3C trace context`,
      {
        hint: "It looks like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
      },
    );
  }
  const inherited = words.environment.TRACEPARENT ?? "";
  return given ?? (isTraceparent(inherited) ? inherited : null);
}

function idOf(words: Invocation): string | null {
  const id = textOf(words, "id");
  if (id === undefined || ID.test(id)) return id ?? null;
  throw new FleetError("usage", `--id ${JSON.stringify(id.slice(0, 80))} cannot be an id`, {
    hint: "An id is letters, digits and . _ : -, at most 128, and begins with a letter or digit.",
  });
}

function* ledgerOf({ here, identity }: OwnLog, agent: string) {
  const reader = openReader(here.places.database);
  try {
    const { tenantId, host } = identity;
    yield* reader.events({ tenantId, host, agent, types: [...MESSAGE_EVENTS, ...HAND_EVENTS] });
  } finally {
    reader.close();
  }
}

function exitOf({ verdict, reached }: SendOutcome, until: Until): number {
  if (verdict === null) return EXIT.done;
  if (verdict.verdict !== "accepted") return VERDICT_EXIT[verdict.verdict];
  const far = ["accepted", "taken-up", "answered"];
  return far.indexOf(reached ?? "accepted") >= far.indexOf(until) ? EXIT.done : VERDICT_EXIT.unverifiable;
}

function documentOf(
  { identity }: OwnLog,
  { agent, message, until, text }: { agent: string; message: string; until: Until; text: string },
  outcome: SendOutcome,
): object {
  const { verdict, typed, submitted, reached, repeated, runtime, remarks, digest, elapsedMs } = outcome;
  const { via, runtimeMessage } = outcome;
  return {
    schema: "fleet.send.v1",
    tenant_id: identity.tenantId,
    host: identity.host,
    agent,
    message,
    digest,
    bytes: Buffer.byteLength(text),
    runtime,
    verdict: verdict?.verdict ?? null,
    kind: verdict === null ? null : kindOf(verdict),
    proof: verdict?.verdict === "accepted" ? verdict.proof : null,
    queued: verdict?.verdict === "accepted" ? verdict.queued : null,
    because: verdict?.because ?? null,
    typed,
    submitted,
    via,
    runtime_message: runtimeMessage,
    until,
    reached,
    repeated,
    remarks,
    elapsed_ms: elapsedMs,
  };
}

function kindOf(verdict: Verdict): string | null {
  if (verdict.verdict === "unverifiable") return verdict.which;
  return verdict.verdict === "refused" ? verdict.why : null;
}

function print(
  { output }: Invocation,
  agent: string,
  message: string,
  until: Until,
  outcome: SendOutcome,
): void {
  const { verdict, reached, repeated, remarks, elapsedMs } = outcome;
  const say = (text: string): void => output.print(`${visible(text)}\n`);
  const again = repeated ? " (asked for before; nothing was typed again)" : "";
  const went = outcome.via === "prompt_async" ? "posted to" : "typed into";
  if (verdict === null)
    say(`${went} ${agent}, not verified: --verify waits for a proof (message ${message})`);
  else {
    const kind = kindOf(verdict);
    const queued = verdict.verdict === "accepted" && verdict.queued ? ", queued" : "";
    const word = output.paint(
      toneOf(verdict),
      `${verdict.verdict}${queued}${kind === null ? "" : `, ${kind}`}`,
    );
    output.print(`${word}: ${visible(`${agent} after ${elapsedMs} ms: ${verdict.because}`)}${again}\n`);
    say(`  message ${message}`);
  }
  if (reached !== null && reached !== "accepted")
    say(`  ${reached === "answered" ? "answered: its turn has ended" : "taken up: its turn has begun"}`);
  if (verdict?.verdict === "accepted" && until !== "accepted" && reached === "accepted")
    say(`  not ${until} in time`);
  for (const remark of remarks) say(`  note: ${remark}`);
  const remedy = verdict === null ? undefined : REMEDIES[kindOf(verdict) ?? verdict.verdict];
  if (remedy !== undefined) output.complain(`  ${remedy.replaceAll("NAME", agent)}\n`);
}

function toneOf({ verdict }: Verdict): "good" | "warn" | "bad" {
  return verdict === "accepted" ? "good" : verdict === "draft" ? "warn" : "bad";
}

const REMEDIES: Readonly<Record<string, string>> = {
  draft: "Look at it with `fleet watch NAME`, and finish or clear the row with `fleet attach NAME`.",
  "copy-mode": "Leave the mode in the terminal that is attached, or `tmux copy-mode -q -t =NAME:`.",
  "input-off": "Switch it on: tmux select-pane -e -t =NAME:",
  prompt: "It waits for a person: `fleet attach NAME` and answer it.",
  dead: "`fleet why NAME` says how it ended.",
  missing: "`fleet ps` says what runs.",
  "not-ready": "`fleet watch NAME` shows its screen; try again when it is ready.",
  "not-read": "Its process does not read: `fleet watch NAME`. What was typed may still be read later.",
  "no-evidence": "`fleet watch NAME` shows what became of it.",
  "line-too-long": "Break the text into lines, or put it into a file and send the file's name.",
};
