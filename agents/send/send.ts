import { type MessageEntry, messagesOf } from "../../query/messages.ts";
import { FleetError } from "../../store/errors.ts";
import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { digestOfPrompt } from "../acks/normal-text.ts";
import { leaveTrace } from "../acks/trace-note.ts";
import { findPane, type PaneId } from "../pane/pane.ts";
import { foregroundOf } from "../pane/reader.ts";
import { openTerminalProbe, type TerminalProbe } from "../pane/terminal.ts";
import type { TmuxServer } from "../pane/tmux.ts";
import { type AckPlace, listenForAck } from "./acknowledgements.ts";
import { deliver } from "./deliver.ts";
import { type FollowEdge, follow, type Until } from "./follow.ts";
import { type LedgerHead, messageEvent, verdictEvent } from "./ledger.ts";
import { waitForTurn } from "./one-sender.ts";
import { equalsOf } from "./pairing.ts";
import { acknowledgedById, postMessage } from "./posting.ts";
import { earlierOf, mayTypeAgain, tellAgain } from "./repeat.ts";
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
  /** All events so far of messages to this agent, and of hands on it. */
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
  /** The runtime that it is meant for, where it would be something else to another one; null: whatever runs there. */
  readonly meantFor: string | null;
}

export interface SendOutcome {
  /** Null: typed, and nothing was to be verified. */
  readonly verdict: Verdict | null;
  readonly typed: boolean;
  readonly submitted: boolean;
  /** Typed into the pane, or given to the runtime's own server; null: neither. */
  readonly via: MessageEntry["via"];
  /** What the runtime calls it, where its server was given it. */
  readonly runtimeMessage: string | null;
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
  const beganMs = performance.now();
  const digest = digestOfPrompt(order.text);
  const outcome: Outcome = (known) => ({
    verdict: null,
    typed: false,
    submitted: false,
    via: null,
    runtimeMessage: null,
    reached: null,
    repeated: false,
    runtime: null,
    remarks: [],
    digest,
    isNowhere: false,
    ...known,
    elapsedMs: Math.round(performance.now() - beganMs),
  });
  const earlier = order.isRepeatable ? earlierOf(world, order, digest) : null;
  if (earlier !== null && !mayTypeAgain(earlier)) {
    return outcome({ ...tellAgain(world, order, earlier, digest), repeated: true });
  }
  // Started here, it is ready by the time the pane is found.
  const terminal = openTerminalProbe(world.environment);
  try {
    return await sendNow(world, order, { digest, earlier, terminal, beganMs, outcome });
  } finally {
    terminal.close();
  }
}

type Outcome = (known: Partial<SendOutcome>) => SendOutcome;

interface Sending {
  readonly digest: string;
  /** A message of the same id that was refused before anything was typed. */
  readonly earlier: MessageEntry | null;
  readonly terminal: TerminalProbe;
  readonly beganMs: number;
  readonly outcome: Outcome;
}

async function sendNow(world: SendWorld, order: SendOrder, sending: Sending): Promise<SendOutcome> {
  const { digest, earlier, outcome } = sending;
  const { agent, message } = order;
  const found = await findPane(world.servers, agent);
  if (!world.isKnown && (found.state === "missing" || found.state === "no-server")) {
    return outcome({ isNowhere: true });
  }
  const head = { agent, message };
  const tell = (event: FleetEvent, claim?: string): boolean => world.append([event], claim);
  const requested = messageEvent("message.requested", head, request(order, world, digest), world.wallUs());
  const claim = order.isRepeatable ? `message:${agent}:${message}:${earlier?.lastSeq ?? 0}` : undefined;
  if (!tell(requested, claim)) {
    throw new FleetError("conflict", `message ${message} is being sent by another process`, {
      hint: "Ask again with the same --id when it has ended: nothing is sent twice.",
    });
  }
  const end = (verdict: Verdict, known: Partial<SendOutcome>): SendOutcome => {
    const event = verdictEvent(head, verdict, known.typed === true, world.wallUs());
    // Who asks again with the same id meanwhile hears the same word: whoever is first tells it.
    const isShared = order.isRepeatable && verdict.verdict === "accepted";
    tell(event, isShared ? `${event.type}:${agent}:${message}` : undefined);
    return outcome({ verdict, ...known });
  };
  if (found.state !== "found") {
    const because = found.state === "missing" ? "it has no session" : found.because;
    return end(refused(found.state === "no-answer" ? "no-answer" : "missing", because), {});
  }
  const turn = await waitForTurn(`${world.logId} ${found.server.socketPath} ${found.pane}`, order.timeoutMs);
  if (turn === null) return end(refused("busy-sender", "another message is being typed into its pane"), {});
  try {
    return await sendInto(found, world, order, { ...sending, head, tell, end });
  } finally {
    turn.release();
  }
}

async function sendInto(
  pane: PaneId,
  world: SendWorld,
  order: SendOrder,
  sending: Sending & {
    readonly head: LedgerHead;
    tell(event: FleetEvent, claim?: string): boolean;
    end(verdict: Verdict, known: Partial<SendOutcome>): SendOutcome;
  },
): Promise<SendOutcome> {
  const { digest, terminal, beganMs, outcome, head, tell, end } = sending;
  const { runtime, ageMs, isShell } = foregroundOf(pane.pid);
  const { meantFor } = order;
  // Of a program that is not known it is not known either that it is another one.
  const isAnother = isShell || (runtime !== null && runtime !== meantFor);
  if (howItTakesMessages(meantFor) !== null && isAnother) {
    const because = `${isShell ? "a shell" : runtime} runs in its pane, and not ${meantFor}`;
    return end(refused("other-runtime", because, runtime), { runtime });
  }
  const startedAtMs = ageMs === null ? null : world.wallUs() / 1000 - ageMs;
  // What was done with before this runtime started cannot be in it.
  const others = messagesOf(world.ledger()).filter(
    ({ id, atUs }) => id !== order.message && (startedAtMs === null || atUs / 1000 >= startedAtMs),
  );
  leaveTrace(world.acks, digest, order.traceparent);
  const nowMs = (): number => performance.now() - beganMs;
  const then = async (
    verdict: Verdict,
    known: Partial<SendOutcome>,
    edge: FollowEdge,
  ): Promise<SendOutcome> => {
    const done = end(verdict, known);
    if (verdict.verdict !== "accepted") return done;
    if (order.until === "accepted") return { ...done, reached: "accepted" };
    const reached = await follow(edge, {
      until: order.until,
      deadlineMs: order.timeoutMs,
      runtime,
      wasQueued: verdict.queued,
      by: known.via === "prompt_async" ? "id" : "ack",
      // The recorder listens to the same word: whoever is first tells it.
      tell: (type, payload) =>
        void tell(messageEvent(type, head, payload, world.wallUs()), `${type}:${head.agent}:${head.message}`),
    });
    return outcome({ ...done, reached });
  };

  const lookedAtMs = nowMs();
  const posted = await postMessage(world, order, { pane, runtime, nowMs, wait, head, tell });
  if (posted.state === "refused") return end(posted.verdict, { runtime });
  if (posted.state === "posted") {
    const { runtimeMessage, verdict, takenUp } = posted;
    const known = { submitted: true, via: "prompt_async", runtimeMessage, runtime } as const;
    const acknowledged = acknowledgedById(world, runtimeMessage, takenUp);
    return verdict === null ? outcome(known) : then(verdict, known, { pane, acknowledged, nowMs, wait });
  }

  const { text, remarks: changes } = asTyped(order.text, howItTakesMessages(runtime), order);
  const remarks = [...(posted.because === null ? [] : [`typed, not posted: ${posted.because}`]), ...changes];
  let enteredAtMs: number | null = null;
  const acknowledged = listenForAck(world.acks, {
    id: order.message,
    digest,
    earlier: equalsOf(others, order.agent, digest),
    nowMs: Math.floor(world.wallUs() / 1000),
    startedAtMs,
    enteredAtMs: () => enteredAtMs,
  });
  const where = { socket: pane.server.socketPath, pane: pane.pane, pid: pane.pid, runtime };
  const edge = { pane, terminal, acknowledged, nowMs, wait };
  const typingFromMs = nowMs();
  let typed = false;
  let submitted = false;
  const verdict = await deliver(edge, {
    text,
    timeoutMs: order.timeoutMs - (typingFromMs - lookedAtMs),
    append: order.append,
    verify: order.verify,
    on: {
      typed: () => {
        typed = true;
        tell(messageEvent("message.typed", head, where, world.wallUs()));
      },
      submitted: () => {
        submitted = true;
        enteredAtMs = Math.floor(world.wallUs() / 1000);
        tell(messageEvent("message.submitted", head, {}, world.wallUs()));
      },
    },
  });
  const known = { typed, submitted, via: typed ? ("typed" as const) : null, runtime, remarks };
  return verdict === null ? outcome(known) : then(verdict, known, edge);
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
