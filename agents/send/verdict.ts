/** Why nothing was sent, or Enter was not pressed. */
export type Refusal =
  | "missing"
  | "dead"
  | "no-answer"
  | "copy-mode"
  | "input-off"
  | "prompt"
  | "draft"
  | "not-ready"
  | "line-too-long"
  | "busy-sender"
  | "changed"
  | "other-runtime";

/** What is missing to a proof. */
export type Unproven = "not-read" | "blank" | "no-change" | "no-evidence" | "gone" | "unfinished";

/**
 * By what it is known that the runtime holds the message. `id`: its own server holds one under an id of ours. `ack`: the runtime itself named its digest. `screen`: it read every byte,
 * showed the text in its input row, read the Enter, and the text left the row. `read`: it read the whole line.
 */
export type Proof = "id" | "ack" | "screen" | "read";

export type Verdict =
  | {
      readonly verdict: "accepted";
      readonly proof: Proof;
      /** It waits in the runtime's own queue behind a running turn, and may still be withdrawn. */
      readonly queued: boolean;
      readonly because: string;
    }
  | { readonly verdict: "draft"; readonly because: string }
  | { readonly verdict: "unverifiable"; readonly which: Unproven; readonly because: string }
  | {
      readonly verdict: "refused";
      readonly why: Refusal;
      /** Which prompt or dialog, where it is one. */
      readonly what: string | null;
      readonly because: string;
    };

export type VerdictName = Verdict["verdict"];

/** Exit codes of `send --verify`. */
export const VERDICT_EXIT: Readonly<Record<VerdictName, number>> = {
  accepted: 0,
  draft: 10,
  unverifiable: 11,
  refused: 12,
};

export function refused(why: Refusal, because: string, what: string | null = null): Verdict {
  return { verdict: "refused", why, what, because };
}

export function unverifiable(which: Unproven, because: string): Verdict {
  return { verdict: "unverifiable", which, because };
}
