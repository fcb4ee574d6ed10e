import { classify } from "../screens/classify.ts";
import type { Delivery, Look, Order, Seen } from "./delivery.ts";
import { type DraftRow, draftAtCursor, findDraftRow, looksLikePrompt } from "./draft-row.ts";
import { hasRead, isBlank, isShown, notTaken, provenBy, unproven } from "./evidence.ts";
import { howItTakesMessages } from "./runtimes.ts";
import { refused, unverifiable, type Verdict } from "./verdict.ts";

export type Step =
  | { readonly act: "wait" | "type" | "enter" }
  | { readonly act: "end"; readonly verdict: Verdict };

/** An Enter that arrives in the same read as the text is taken for a part of it: Ink got 0 of 15 so, and 15 of 15 after 50 ms. */
const ENTER_GAP_MS = 60;
/** A screen that is being drawn may show an empty row for a moment. */
const SETTLED_MS = 30;
/** So long after Enter nothing is given up. */
const GRACE_MS = 1000;
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
  // An Enter that went out late is given time to be seen: a verdict on what happens right now would be a guess.
  const isOver = isLate && look.atMs - (delivery.entered as Seen).atMs >= GRACE_MS;
  // Of a runtime that speaks for itself nothing less than its word is taken.
  const proven = look.acknowledged.expected ? null : provenBy(delivery, seen);
  if (proven === null)
    return isOver ? end(unproven(delivery, seen)) : stay({ act: "wait" }, { sinceMs: null });
  const sinceMs = delivery.sinceMs ?? look.atMs;
  // A shell draws its prompt anew only behind a line that it has taken; programs that redraw show all sorts in between.
  const isSettled = look.atMs - sinceMs >= SETTLED_MS || delivery.before?.foreground.isShell === true;
  if (proven.proof === "read" || isSettled) return end(proven);
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
  // Shells read a line however it comes.
  const gapMs = before.foreground.isShell ? 0 : ENTER_GAP_MS;
  if (seen.atMs - sinceMs < gapMs) return stay({ act: "wait" }, { sinceMs, draft });
  return stay({ act: "enter" }, { phase: "submitted", entered: seen, draft, sinceMs: null });
}

function longestLine(text: string): number {
  return Math.max(...text.split("\n").map((line) => Buffer.byteLength(line)));
}
