import type { NoPane, PaneLook } from "../pane/pane.ts";
import type { Foreground } from "../pane/reader.ts";
import type { Terminal } from "../pane/terminal.ts";
import { classify, knowledgeOf, type Reading } from "../screens/classify.ts";
import { type DraftRow, draftAfterEnter, draftAtCursor, findDraftRow, looksLikePrompt } from "./draft-row.ts";
import { textIsIn, transcriptGained } from "./runtime-screen.ts";
import { howItTakesMessages } from "./runtimes.ts";
import { refused, unverifiable, type Verdict } from "./verdict.ts";

/** What the runtime itself said of this message, through its adapter. */
export interface Acknowledged {
  /** An adapter is at work in this life of the runtime: it will say so, and its silence means something. */
  readonly expected: boolean;
  readonly received: boolean;
  readonly queued: boolean;
  readonly takenUp: boolean;
}

/** Everything that can be seen from outside in one moment. */
export interface Look {
  /** Monotonic. */
  readonly atMs: number;
  readonly pane: PaneLook | NoPane;
  readonly foreground: Foreground;
  /** Null: the kernel could not be asked. */
  readonly terminal: Terminal | null;
  readonly acknowledged: Acknowledged;
}

/** A look at a pane that is there. */
interface Seen extends Look {
  readonly pane: PaneLook;
}

export interface Order {
  /** What is typed. */
  readonly text: string;
  readonly bytes: number;
  readonly deadlineMs: number;
  /** Type behind what already stands in the input row. */
  readonly append: boolean;
  /** The pane's process when it was found. */
  readonly pid: number;
}

/** Where a delivery stands. Made by `begin`, moved only by `advance`. */
export interface Delivery {
  readonly order: Order;
  readonly phase: "checking" | "typed" | "submitted";
  /** The last look before anything was typed. */
  readonly before: Seen | null;
  /** The last look before Enter. */
  readonly entered: Seen | null;
  readonly draft: DraftRow | null;
  /** Since when all that is needed for the next step has been true. */
  readonly sinceMs: number | null;
}

export type Step =
  | { readonly act: "wait" | "type" | "enter" }
  | { readonly act: "end"; readonly verdict: Verdict };

/** An Enter that arrives in the same read as the text is taken for a part of it: Ink got 0 of 15 so, and 15 of 15 after 50 ms. */
const ENTER_GAP_MS = 60;
/** A screen that is being drawn may show an empty row for a moment. */
const SETTLED_MS = 30;
/** A program that has only just started is not asked anything yet. */
const YOUNG_MS = 400;
/** What the kernel keeps of one line while a program has it gather them. The rest is lost without a word. */
const COOKED_LINE_BYTES = 4095;

export function begin(order: Order): Delivery {
  return { order, phase: "checking", before: null, entered: null, draft: null, sinceMs: null };
}

/** What to do next, by what is seen now. */
export function advance(
  delivery: Delivery,
  look: Look,
): { readonly delivery: Delivery; readonly step: Step } {
  const stay = (step: Step, changed: Partial<Delivery> = {}) => ({
    delivery: { ...delivery, ...changed },
    step,
  });
  const end = (verdict: Verdict) => stay({ act: "end", verdict });
  const { phase, order } = delivery;
  if (phase === "submitted" && look.acknowledged.received) return end(acknowledged(look));
  const closed = closedTo(delivery, look);
  if (closed !== null) return end(closed);
  const seen = look as Seen;
  const isLate = look.atMs >= order.deadlineMs;
  if (phase === "checking") {
    const obstacle = obstacleTo(delivery, seen);
    if (obstacle === null) return stay({ act: "type" }, { phase: "typed", before: seen, sinceMs: null });
    return obstacle.final || isLate ? end(obstacle.verdict) : stay({ act: "wait" });
  }
  if (phase === "typed") return afterTyping(delivery, seen, isLate);
  // Of a runtime that speaks for itself nothing less than its word is taken.
  const proven = look.acknowledged.expected ? null : provenBy(delivery, seen);
  if (proven === null)
    return isLate ? end(unproven(delivery, seen)) : stay({ act: "wait" }, { sinceMs: null });
  const sinceMs = delivery.sinceMs ?? look.atMs;
  if (proven.proof === "read" || look.atMs - sinceMs >= SETTLED_MS) return end(proven);
  return stay({ act: "wait" }, { sinceMs });
}

/** The runtime said itself that it holds the message. */
function acknowledged({ acknowledged: { queued } }: Look): Verdict {
  const because = queued
    ? "the runtime said that it holds it, behind the running turn"
    : "the runtime said that it holds it";
  return { verdict: "accepted", proof: "ack", queued, because };
}

/** Why nothing more can be done with this pane. */
function closedTo({ phase, order }: Delivery, { pane }: Look): Verdict | null {
  const isSubmitted = phase === "submitted";
  const lost = (why: "missing" | "dead" | "no-answer", because: string): Verdict =>
    isSubmitted
      ? unverifiable("gone", `${because}, before it was known whether it took the message`)
      : refused(why, because);
  if (pane.state !== "pane") {
    if (pane.state === "no-answer") return lost("no-answer", pane.because);
    return lost("missing", pane.state === "missing" ? "it has no session" : "its tmux server does not run");
  }
  if (pane.dead) return lost("dead", "its process has ended");
  if (pane.pid !== order.pid) return lost("missing", "another process is in its pane than when it was found");
  if (isSubmitted) return null;
  if (pane.mode !== null) {
    const because = `its pane is in ${pane.mode}, where keys are not its own`;
    return refused("copy-mode", because, pane.mode);
  }
  return pane.inputOff ? refused("input-off", "input to its pane is switched off") : null;
}

interface Obstacle {
  readonly verdict: Verdict;
  /** Waiting does not help. */
  readonly final: boolean;
}

/** Why it may not be typed yet, or at all. */
function obstacleTo({ order }: Delivery, seen: Seen): Obstacle | null {
  const { foreground, pane } = seen;
  const wait = (because: string): Obstacle => ({ verdict: refused("not-ready", because), final: false });
  const never = (verdict: Verdict): Obstacle => ({ verdict, final: true });
  const { runtime, ageMs } = foreground;
  const settles = howItTakesMessages(runtime)?.settlesMs ?? YOUNG_MS;
  if (runtime !== null) {
    const reading = classify(runtime, pane.screen);
    if (reading.state === "waiting") {
      return never(refused("prompt", `${reading.because}: an Enter would answer it`, reading.what));
    }
    if (reading.state === "dialog") return never(refused("prompt", reading.because, reading.what));
    if (reading.state !== "ready" && reading.state !== "busy")
      return wait(`its screen is not understood: ${reading.because}`);
    if ((reading.input?.draft ?? "") !== "" && !order.append) {
      return never(refused("draft", "something that was typed and not sent stands in its input row"));
    }
  } else {
    const isStarting = foreground.isShell && seen.terminal?.canonical === true;
    const found = draftAtCursor(pane.screen);
    if (isStarting && isBlank(pane)) return wait("its shell shows no prompt yet");
    if (found !== null && !order.append) {
      return never(refused("draft", "something that may be half typed stands before its cursor"));
    }
    if (seen.terminal?.canonical === true && longestLine(order.text) > COOKED_LINE_BYTES) {
      const because = `its terminal gathers lines and would cut one of more than ${COOKED_LINE_BYTES} bytes`;
      return never(refused("line-too-long", because));
    }
  }
  if (ageMs !== null && ageMs < settles)
    return wait(`it started ${Math.round(ageMs)} ms ago and is not settled`);
  return null;
}

/** The text is in the pane. Enter goes after it once it was read and shown, and not in the same read. */
function afterTyping(
  delivery: Delivery,
  seen: Seen,
  isLate: boolean,
): { readonly delivery: Delivery; readonly step: Step } {
  const stay = (step: Step, changed: Partial<Delivery> = {}) => ({
    delivery: { ...delivery, ...changed },
    step,
  });
  const end = (verdict: Verdict) => stay({ act: "end", verdict });
  const { order } = delivery;
  const before = delivery.before as Seen;
  const { runtime } = before.foreground;
  let draft: DraftRow | null = null;
  if (runtime !== null) {
    const reading = classify(runtime, seen.pane.screen);
    if (reading.state === "waiting" || reading.state === "dialog") {
      return end(
        refused(
          "prompt",
          `${reading.because}; it came while the text was typed, and no Enter was`,
          reading.what,
        ),
      );
    }
    if (!isShown(runtime, reading, order.text))
      return isLate ? end(notTaken(delivery, seen)) : stay({ act: "wait" });
  } else {
    draft = findDraftRow(before.pane.screen, seen.pane.screen, order.text);
    const isHidden = seen.terminal?.canonical === true && !seen.terminal.echo;
    if (draft === null && !isHidden) return isLate ? end(notTaken(delivery, seen)) : stay({ act: "wait" });
    if (draft !== null && !order.append && !looksLikePrompt(draft.prompt)) {
      return end(refused("draft", "something stood in its input row before the text; no Enter was typed"));
    }
  }
  if (hasRead(before, seen, order.bytes) === false)
    return isLate ? end(notTaken(delivery, seen)) : stay({ act: "wait" });
  const sinceMs = delivery.sinceMs ?? seen.atMs;
  if (seen.atMs - sinceMs < ENTER_GAP_MS) return stay({ act: "wait" }, { sinceMs, draft });
  return stay({ act: "enter" }, { phase: "submitted", entered: seen, draft, sinceMs: null });
}

/** Whether everything that was typed since a look was read: yes, no, or (null) the kernel does not say. */
function hasRead(from: Seen, now: Seen, bytes: number): boolean | null {
  // Lines that the kernel gathers are read after Enter only.
  if (now.terminal?.canonical === true && from.terminal?.canonical === true) return null;
  if (now.terminal !== null && now.terminal.queue > 0) return false;
  const grown = readSince(from, now);
  return grown === null ? (now.terminal === null ? null : true) : grown >= bytes;
}

/** Bytes that the processes which were there at both looks have read in between. */
function readSince(from: Seen, now: Seen): number | null {
  const before = new Map(from.foreground.processes.map(({ pid, readBytes }) => [pid, readBytes]));
  const grown = now.foreground.processes.flatMap(({ pid, readBytes }) => {
    const then = before.get(pid);
    return then === undefined || then === null || readBytes === null ? [] : [readBytes - then];
  });
  return grown.length === 0 ? null : grown.reduce((sum, bytes) => sum + bytes, 0);
}

function isShown(runtime: string, { input }: Reading, text: string): boolean {
  if (input === null) return false;
  return textIsIn(input.draft, text) || knowledgeOf(runtime).some(({ pasted }) => pasted.test(input.draft));
}

/** Enter was typed. What proves that the program took the message, or null. */
function provenBy(delivery: Delivery, seen: Seen): (Verdict & { readonly verdict: "accepted" }) | null {
  const entered = delivery.entered as Seen;
  const before = delivery.before as Seen;
  const { runtime, isShell } = before.foreground;
  const accepted = (proof: "screen" | "read", queued: boolean, because: string) =>
    ({ verdict: "accepted", proof, queued, because }) as const;
  if (seen.terminal === null || seen.terminal.queue > 0) return null;
  if (entered.terminal?.canonical === true) {
    // The kernel hands over whole lines: who has read so many bytes has read this one.
    const grown = readSince(before, seen);
    const isSame = before.foreground.group === seen.foreground.group;
    const whole = delivery.order.bytes + 1;
    if (runtime !== null || delivery.draft === null || !isSame || grown === null || grown < whole)
      return null;
    return accepted("read", false, "it read the whole line, and its terminal holds nothing more");
  }
  const hasTakenLine =
    isShell &&
    delivery.draft !== null &&
    (seen.terminal.canonical || before.foreground.group !== seen.foreground.group);
  if (hasTakenLine) return accepted("screen", false, "the shell read the line and runs it");
  const grown = readSince(entered, seen);
  if (grown === null || grown < 1) return null;
  if (runtime !== null) return provenByRuntime(delivery, entered, seen, runtime);
  const { draft } = delivery;
  if (draft === null) return null;
  const after = draftAfterEnter(draft, seen.pane.screen, {
    isShell,
    raw: !seen.terminal.canonical,
  });
  return after === "gone"
    ? accepted("screen", false, "it read the text and the Enter, and its input row is empty again")
    : null;
}

/** A runtime whose screens are known: the text stood in its input row, left it, and is seen again where sent messages are. */
function provenByRuntime(
  { order }: Delivery,
  entered: Seen,
  seen: Seen,
  runtime: string,
): (Verdict & { readonly verdict: "accepted" }) | null {
  const then = classify(runtime, entered.pane.screen);
  const now = classify(runtime, seen.pane.screen);
  if (now.state !== "ready" && now.state !== "busy") return null;
  if (now.input === null || isShown(runtime, now, order.text)) return null;
  const wasBusy = then.state === "busy";
  const queued = wasBusy && howItTakesMessages(runtime)?.whileBusy === "queues";
  const isQueued = queued && now.queued && !then.queued;
  const hasBegun = !wasBusy && now.state === "busy";
  const isTold =
    then.input !== null &&
    transcriptGained(
      entered.pane.screen.rows.slice(0, then.input.top),
      seen.pane.screen.rows.slice(0, now.input.top),
      order.text,
    );
  if (!isQueued && !hasBegun && !isTold) return null;
  const where = isQueued
    ? "among its queued messages"
    : isTold
      ? "among the sent messages"
      : "and its turn began";
  return {
    verdict: "accepted",
    proof: "screen",
    queued,
    because: `it read the text and the Enter, and the text left its input row ${where}`,
  };
}

/** Time is up before Enter: the text was not read, or not shown. */
function notTaken(delivery: Delivery, seen: Seen): Verdict {
  const before = delivery.before as Seen;
  if (hasRead(before, seen, delivery.order.bytes) === false) {
    const left = seen.terminal === null ? "" : `, ${seen.terminal.queue} bytes wait in its terminal`;
    return unverifiable("not-read", `it has not read the text${left}; no Enter was typed`);
  }
  if (isBlank(seen.pane)) return unverifiable("blank", "its screen is blank; no Enter was typed");
  if (seen.pane.capture === before.pane.capture) {
    return unverifiable("no-change", "it read the text and its screen did not change; no Enter was typed");
  }
  return unverifiable("no-evidence", "the text is not in its input row; no Enter was typed");
}

/** Time is up after Enter. */
function unproven(delivery: Delivery, now: Seen): Verdict {
  const entered = delivery.entered as Seen;
  if (now.terminal !== null && now.terminal.queue > 0) {
    return unverifiable(
      "not-read",
      `${now.terminal.queue} bytes wait in its terminal: it has not read the message`,
    );
  }
  const cooked = entered.terminal?.canonical === true;
  const grown = readSince(cooked ? (delivery.before as Seen) : entered, now);
  if (grown !== null && grown < (cooked ? delivery.order.bytes + 1 : 1)) {
    return unverifiable("not-read", cooked ? "it has not read the line" : "it has not read the Enter");
  }
  if (stillThere(delivery, now)) {
    return { verdict: "draft", because: "the text still stands in its input row: the Enter did not send it" };
  }
  if (entered.terminal?.canonical === true && !entered.terminal.echo) {
    return unverifiable(
      "no-evidence",
      "it read the line, and its terminal hides what is typed, as for a password",
    );
  }
  if (isBlank(now.pane)) return unverifiable("blank", "its screen is blank");
  if (now.pane.capture === entered.pane.capture && delivery.draft === null) {
    return unverifiable("no-change", "it read the message and its screen did not change");
  }
  return now.acknowledged.expected
    ? unverifiable("no-evidence", "its adapter is at work and did not say that it holds the message")
    : unverifiable("no-evidence", "it read the message, and nothing shows what it did with it");
}

function stillThere({ order, before, draft, entered }: Delivery, now: Seen): boolean {
  const { runtime, isShell } = (before as Seen).foreground;
  if (runtime !== null) return isShown(runtime, classify(runtime, now.pane.screen), order.text);
  if (draft === null || entered?.terminal?.canonical === true) return false;
  const raw = now.terminal === null ? null : !now.terminal.canonical;
  return draftAfterEnter(draft, now.pane.screen, { isShell, raw }) === "still";
}

function isBlank({ screen }: PaneLook): boolean {
  return screen.rows.every(({ text }) => text.trim() === "");
}

function longestLine(text: string): number {
  return Math.max(...text.split("\n").map((line) => Buffer.byteLength(line)));
}
