import { type MessageEntry, messagesOf } from "../../query/messages.ts";
import { FleetError } from "../../store/errors.ts";
import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { digestOfPrompt } from "../acks/normal-text.ts";
import { findPane } from "../pane/pane.ts";
import { foregroundOf } from "../pane/reader.ts";
import { openTerminalProbe } from "../pane/terminal.ts";
import type { TmuxServer } from "../pane/tmux.ts";
import { type AckPlace, acknowledgedSince, listenForAck } from "./acknowledgements.ts";
import { deliver } from "./deliver.ts";
import { follow, type Until } from "./follow.ts";
import { messageEvent, verdictEvent } from "./ledger.ts";
import { waitForTurn } from "./one-sender.ts";
import { howItTakesMessages } from "./runtimes.ts";
import { asTyped } from "./text.ts";
import { refused, type Verdict } from "./verdict.ts";

/** What a sender needs from the world. */
export interface SendWorld {
  readonly servers: readonly TmuxServer[];
  readonly acks: AckPlace;
  readonly environment: { readonly PATH: string; readonly HOME: string };
  /** Puts events of the ledger into the log. False: `claim` was held by another sender already, and nothing was written. */
  append(events: readonly FleetEvent[], claim?: string): boolean;
  /** All events of messages to this agent so far. */
  ledger(): Iterable<StoredEvent>;
  /** Names this log among all others, so that senders of one fleet wait for one another. */
  readonly logId: string;
  wallUs(): number;
  readonly user: string;
  /** The agent is known by name: what is not found of it goes into the ledger. Of a name that nobody knows nothing is written. */
  readonly isKnown: boolean;
}

export interface SendOrder {
  readonly agent: string;
  readonly message: string;
  /** Given by the caller, so that it may ask again after a time-out without sending twice. */
  readonly isRepeatable: boolean;
  readonly text: string;
  readonly keepText: boolean;
  /** It is meant as a command of the runtime. */
  readonly command: boolean;
  readonly append: boolean;
  readonly verify: boolean;
  readonly until: Until;
  readonly timeoutMs: number;
  readonly traceparent: string | null;
}

export interface SendOutcome {
  /** Null: typed, and nothing was to be verified. */
  readonly verdict: Verdict | null;
  readonly typed: boolean;
  readonly submitted: boolean;
  /** How far it is known to have come of what --until asked for. */
  readonly reached: Until | null;
  /** It had been asked for before, and was not typed again. */
  readonly repeated: boolean;
  readonly runtime: string | null;
  readonly remarks: readonly string[];
  readonly digest: string;
  readonly elapsedMs: number;
  /** No agent is called so. */
  readonly isNowhere: boolean;
}

/** Sends one message: into the ledger, into the pane, and to a verdict that is in the ledger too. */
export async function sendMessage(world: SendWorld, order: SendOrder): Promise<SendOutcome> {
  const began = performance.now();
  const digest = digestOfPrompt(order.text);
  const outcome = (known: Partial<SendOutcome>): SendOutcome => ({
    verdict: null,
    typed: false,
    submitted: false,
    reached: null,
    repeated: false,
    runtime: null,
    remarks: [],
    digest,
    isNowhere: false,
    ...known,
    elapsedMs: Math.round(performance.now() - began),
  });
  const earlier = order.isRepeatable ? earlierOf(world, order, digest) : null;
  if (earlier !== null && !mayTypeAgain(earlier))
    return outcome({ ...repeat(world, order, earlier, digest), repeated: true });

  const found = await findPane(world.servers, order.agent);
  if (!world.isKnown && (found.state === "missing" || found.state === "no-server"))
    return outcome({ isNowhere: true });
  const head = { agent: order.agent, message: order.message };
  const tell = (event: FleetEvent, claim?: string): boolean => world.append([event], claim);
  const requested = messageEvent("message.requested", head, request(order, world, digest), world.wallUs());
  const claim = order.isRepeatable
    ? `message:${order.agent}:${order.message}:${earlier?.lastSeq ?? 0}`
    : undefined;
  if (!tell(requested, claim)) {
    throw new FleetError("conflict", `message ${order.message} is being sent by another process`, {
      hint: "Ask again with the same --id when it has ended: nothing is sent twice.",
    });
  }
  const end = (verdict: Verdict, known: Partial<SendOutcome>): SendOutcome => {
    tell(verdictEvent(head, verdict, known.typed === true, world.wallUs()));
    return outcome({ verdict, ...known });
  };
  if (found.state !== "found") {
    const because = found.state === "missing" ? "it has no session" : found.because;
    return end(refused(found.state === "no-answer" ? "no-answer" : "missing", because), {});
  }
  const turn = await waitForTurn(`${world.logId} ${found.server.socketPath} ${found.pane}`, order.timeoutMs);
  if (turn === null) return end(refused("busy-sender", "another message is being typed into its pane"), {});
  const terminal = openTerminalProbe(world.environment);
  let typed = false;
  let submitted = false;
  try {
    const { runtime, ageMs } = foregroundOf(found.pid);
    const { text, remarks } = asTyped(order.text, howItTakesMessages(runtime), order);
    const startedAtMs = ageMs === null ? null : world.wallUs() / 1000 - ageMs;
    const acknowledged = listenForAck(world.acks, digest, startedAtMs);
    const { socketPath } = found.server;
    const where = { socket: socketPath, pane: found.pane, pid: found.pid, runtime };
    const edge = { pane: found, terminal, acknowledged, nowMs: () => performance.now() - began, wait };
    const verdict = await deliver(edge, {
      text,
      timeoutMs: order.timeoutMs,
      append: order.append,
      verify: order.verify,
      on: {
        typed: () => {
          typed = true;
          tell(messageEvent("message.typed", head, where, world.wallUs()));
        },
        submitted: () => {
          submitted = true;
          tell(messageEvent("message.submitted", head, {}, world.wallUs()));
        },
      },
    });
    const known = { typed, submitted, runtime, remarks };
    if (verdict === null) return outcome(known);
    const done = end(verdict, known);
    if (verdict.verdict !== "accepted" || order.until === "accepted") {
      return { ...done, reached: verdict.verdict === "accepted" ? "accepted" : null };
    }
    const reached = await follow(edge, {
      until: order.until,
      deadlineMs: order.timeoutMs,
      runtime,
      wasQueued: verdict.queued,
      // The recorder listens to the same word: whoever is first tells it.
      tell: (type, payload) =>
        void tell(
          messageEvent(type, head, payload, world.wallUs()),
          `${type}:${order.agent}:${order.message}`,
        ),
    });
    return outcome({ ...done, reached });
  } finally {
    terminal.close();
    turn.release();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function request(
  { text, keepText, verify, until, traceparent }: SendOrder,
  { user }: SendWorld,
  digest: string,
): Omit<PayloadOf<"message.requested">, "message"> {
  return {
    digest,
    bytes: Buffer.byteLength(text),
    lines: text.split("\n").length,
    text: keepText ? text : null,
    user,
    pid: process.pid,
    verify,
    until,
    traceparent,
  };
}

/** The message of this id, where there is one. */
function earlierOf(world: SendWorld, { agent, message }: SendOrder, digest: string): MessageEntry | null {
  const entry = messagesOf(world.ledger()).find((one) => one.agent === agent && one.id === message) ?? null;
  if (entry !== null && entry.requested.digest !== digest) {
    throw new FleetError("usage", `--id ${message} was given to another text before`, {
      hint: "An id stands for one message: choose another one for this text.",
    });
  }
  return entry;
}

/** Only what is known not to have been typed may be typed again: a sender that was killed has perhaps typed, and left no verdict. */
function mayTypeAgain({ verdict, typed }: MessageEntry): boolean {
  return verdict === "refused" && !typed;
}

/** What is known by now of a message that was asked for before. */
function repeat(
  world: SendWorld,
  order: SendOrder,
  earlier: MessageEntry,
  digest: string,
): Partial<SendOutcome> {
  const { typed, submitted } = earlier;
  const said = acknowledgedSince(world.acks, digest, earlier.requestedAtUs / 1000);
  const head = { agent: order.agent, message: order.message };
  const tell = (verdict: Verdict): Verdict => {
    world.append([verdictEvent(head, verdict, typed, world.wallUs())]);
    return verdict;
  };
  // The runtime may have said it after the first sender's time was up.
  if (submitted && said.received && earlier.verdict !== "accepted") {
    const because = "the runtime said that it holds it, after the sender had ended";
    const verdict = tell({ verdict: "accepted", proof: "ack", queued: said.queued, because });
    return { verdict, typed, submitted, reached: "accepted" };
  }
  return { verdict: verdictOf(earlier), typed, submitted, reached: reachedBy(earlier) };
}

function verdictOf({ verdict, because, kind, proof, queued, submitted }: MessageEntry): Verdict {
  const why = because ?? "";
  if (verdict === "accepted")
    return { verdict, proof: proof as "ack" | "screen" | "read", queued, because: why };
  if (verdict === "draft") return { verdict, because: why };
  if (verdict === "unverifiable") return { verdict, which: kind as "no-evidence", because: why };
  if (verdict === "refused") return { verdict, why: kind as "changed", what: null, because: why };
  const how = submitted ? "after Enter was typed" : "before Enter was typed";
  return {
    verdict: "unverifiable",
    which: "unfinished",
    because: `its sender ended ${how}, without a verdict`,
  };
}

function reachedBy({ state, verdict }: MessageEntry): Until | null {
  if (state === "taken-up" || state === "answered") return state;
  return verdict === "accepted" ? "accepted" : null;
}
