import { waitMs } from "./backoff.ts";
import { type Outcome, outcomeOf, type ReadPartialSuccess } from "./outcome.ts";
import type { Answer, Post } from "./post.ts";

/** What became of a batch, once nothing of it is open any longer. */
export interface Settled<T> {
  /** Delivered, the rejected ones not among them. */
  readonly sent: number;
  /** The receiver took the batch and said that it did not take so many of it; which ones it does not say. */
  readonly rejected: number;
  readonly dead: readonly { readonly item: T; readonly status: number; readonly reason: string }[];
}

export interface SettleOptions<T> {
  readonly serialize: (items: readonly T[]) => Uint8Array;
  readonly readPartial: ReadPartialSuccess;
  readonly post: Post;
  readonly signal: AbortSignal;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly nowMs: () => number;
  /** Told at each trouble, and with null when it is over. */
  readonly onTrouble: (reason: string | null) => void;
}

/**
 * Delivers a batch, for as long as it takes: it returns only when the receiver has answered for every item, and throws only when
 * `signal` ends it (then nothing is settled, and whoever comes next sends the same again). A batch that is refused is halved until
 * the item that is not to the receiver's liking stands alone.
 */
export async function settle<T>(items: readonly T[], options: SettleOptions<T>): Promise<Settled<T>> {
  const outcome = await answered(options.serialize(items), options);
  if (outcome.kind === "settled") {
    const rejected = Math.min(outcome.rejected, items.length);
    if (rejected > 0) options.onTrouble(`rejected ${rejected} of ${items.length}: ${outcome.message}`);
    return { sent: items.length - rejected, rejected, dead: [] };
  }
  const [only] = items;
  if (items.length === 1 && only !== undefined) {
    const { status, reason } = outcome;
    options.onTrouble(`refused one for good: ${reason}`);
    return { sent: 0, rejected: 0, dead: [{ item: only, status, reason }] };
  }
  const middle = items.length >> 1;
  const first = await settle(items.slice(0, middle), options);
  const second = await settle(items.slice(middle), options);
  return {
    sent: first.sent + second.sent,
    rejected: first.rejected + second.rejected,
    dead: [...first.dead, ...second.dead],
  };
}

/** The same bytes again and again until there is an answer that settles them one way or the other. */
async function answered<T>(
  body: Uint8Array,
  options: SettleOptions<T>,
): Promise<Exclude<Outcome, { kind: "later" }>> {
  const { post, signal, wait, random, nowMs, readPartial, onTrouble } = options;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const outcome = await post(body, signal).then(
      (answer: Answer) => outcomeOf(answer, readPartial, nowMs()),
      (error: Error): Outcome => ({ kind: "later", afterMs: null, reason: reasonOf(error) }),
    );
    signal.throwIfAborted();
    if (outcome.kind !== "later") {
      if (attempt > 1) onTrouble(null);
      return outcome;
    }
    onTrouble(outcome.reason);
    await wait(waitMs(attempt, outcome.afterMs, random), signal);
  }
}

/** A refused connection to a name with two addresses is an AggregateError without a message of its own. */
function reasonOf(error: Error & { code?: string; errors?: readonly Error[] }): string {
  return error.message || error.errors?.map(({ message }) => message).join("; ") || error.code || error.name;
}
