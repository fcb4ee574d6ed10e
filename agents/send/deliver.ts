import { lookAtPane, type PaneId, putIntoPane } from "../pane/pane.ts";
import { foregroundOf } from "../pane/reader.ts";
import type { TerminalProbe } from "../pane/terminal.ts";
import type { Acknowledged, Look } from "./delivery.ts";
import { advance, begin } from "./machine.ts";
import { refused, unverifiable, type Verdict } from "./verdict.ts";

/** What a delivery needs from the world. */
export interface DeliveryEdge {
  readonly pane: PaneId;
  readonly terminal: TerminalProbe;
  /** What the runtime's adapter has said of this message since it was typed. */
  acknowledged(): Acknowledged;
  /** Monotonic milliseconds. */
  nowMs(): number;
  wait(ms: number): Promise<void>;
}

export interface DeliveryOptions {
  readonly text: string;
  readonly timeoutMs: number;
  readonly append: boolean;
  /** False: ends when Enter was typed, without a verdict. */
  readonly verify: boolean;
  /** Each is called when it has been done, and before anything else is. */
  readonly on: { typed(): void; submitted(): void };
}

/** Looks follow one another quickly at first, when a good runtime answers, and slowly in the end. */
const FIRST_PAUSE_MS = 12;
const LAST_PAUSE_MS = 100;

/** Types a message and finds out what became of it. Null: it was typed, and nothing was to be verified. */
export async function deliver(edge: DeliveryEdge, options: DeliveryOptions): Promise<Verdict | null> {
  const { text, timeoutMs, append, verify, on } = options;
  const deadlineMs = edge.nowMs() + timeoutMs;
  const { pid } = edge.pane;
  let delivery = begin({ text, bytes: Buffer.byteLength(text), deadlineMs, append, pid });
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const look = await lookAt(edge);
    const next = advance(delivery, look);
    delivery = next.delivery;
    const { step } = next;
    if (step.act === "end") return step.verdict;
    if (step.act === "wait") {
      await edge.wait(pauseMs);
      pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 1.3);
      continue;
    }
    pauseMs = FIRST_PAUSE_MS;
    // Enter goes as a byte of its own, so that panes with synchronized input do not pass it on to others.
    const put = await (step.act === "type"
      ? putIntoPane(edge.pane, text, "bracketed")
      : putIntoPane(edge.pane, "\r", "raw"));
    if (put.state === "blocked")
      return refused("changed", "its pane changed in the moment before it was typed into");
    if (put.state === "missing" || put.state === "no-server") {
      const because = `its pane went while it was typed into: ${put.because}`;
      return step.act === "type" ? refused("missing", because) : unverifiable("gone", because);
    }
    // The client was not answered, and what the server did with it is not known.
    if (put.state === "no-answer") return unverifiable("unfinished", put.because);
    if (step.act === "type") on.typed();
    else on.submitted();
    if (step.act === "enter" && !verify) return null;
  }
}

async function lookAt({ pane, terminal, acknowledged, nowMs }: DeliveryEdge): Promise<Look> {
  const look = await lookAtPane(pane);
  const isAlive = look.state === "pane" && !look.dead;
  const foreground = foregroundOf(isAlive ? look.pid : 0);
  return {
    pane: look,
    foreground,
    terminal: isAlive ? await terminal.ask(look.tty) : null,
    acknowledged: acknowledged(),
    atMs: nowMs(),
  };
}
