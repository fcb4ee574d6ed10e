import type { PaneLook } from "../pane/pane.ts";
import { classify, knowledgeOf, type Reading } from "../screens/classify.ts";
import type { Delivery, Seen } from "./delivery.ts";
import { draftAfterEnter } from "./draft-row.ts";
import { textIsIn, transcriptGained } from "./runtime-screen.ts";
import { howItTakesMessages } from "./runtimes.ts";
import { unverifiable, type Verdict } from "./verdict.ts";

/** Whether everything that was typed since a look was read: yes, no, or (null) the kernel does not say. */
export function hasRead(from: Seen, now: Seen, bytes: number): boolean | null {
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

/** Whether the input row of a known runtime holds the text, or what it shows for a big paste. */
export function isShown(runtime: string, { input }: Reading, text: string): boolean {
  if (input === null) return false;
  return textIsIn(input.draft, text) || knowledgeOf(runtime).some(({ pasted }) => pasted.test(input.draft));
}

/** Enter was typed. What proves that the program took the message, or null. */
export function provenBy(
  delivery: Delivery,
  seen: Seen,
): (Verdict & { readonly verdict: "accepted" }) | null {
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
  const grown = readSince(entered, seen);
  const { group } = seen.foreground;
  // A shell hands its terminal back to the kernel, or to what it starts, when it has a line and not before.
  const handedOver =
    (seen.terminal.canonical && grown !== null && grown >= 1) ||
    (group !== null && before.foreground.group !== null && group !== before.foreground.group);
  const hasTakenLine = isShell && delivery.draft !== null && handedOver;
  if (hasTakenLine) return accepted("screen", false, "the shell read the line and runs it");
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
export function notTaken(delivery: Delivery, seen: Seen): Verdict {
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
export function unproven(delivery: Delivery, now: Seen): Verdict {
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

/** Nothing at all is on the screen. */
export function isBlank({ screen }: PaneLook): boolean {
  return screen.rows.every(({ text }) => text.trim() === "");
}
