import { type MessageEntry, messagesOf } from "../../query/messages.ts";
import { FleetError } from "../../store/errors.ts";
import { acknowledgedUntilNow } from "./acknowledgements.ts";
import type { Until } from "./follow.ts";
import { handsOf } from "./hands.ts";
import { lateVerdict } from "./late-word.ts";
import { verdictEvent } from "./ledger.ts";
import { equalsOf } from "./pairing.ts";
import type { SendOrder, SendOutcome, SendWorld } from "./send.ts";
import type { Proof, Verdict } from "./verdict.ts";

/** The message of this id, where there is one. */
export function earlierOf(
  world: SendWorld,
  { agent, message }: SendOrder,
  digest: string,
): MessageEntry | null {
  const entry = messagesOf(world.ledger()).find((one) => one.agent === agent && one.id === message) ?? null;
  if (entry !== null && entry.requested.digest !== digest) {
    throw new FleetError("usage", `--id ${message} was given to another text before`, {
      hint: "An id stands for one message: choose another one for this text.",
    });
  }
  return entry;
}

/** Only what is known not to have been typed may be typed again: a sender that was killed has perhaps typed, and left no verdict. */
export function mayTypeAgain({ verdict, typed }: MessageEntry): boolean {
  return verdict === "refused" && !typed;
}

/** What is known by now of a message that was asked for before. */
export function tellAgain(
  world: SendWorld,
  order: SendOrder,
  earlier: MessageEntry,
  digest: string,
): Partial<SendOutcome> {
  const { typed, submitted, via, runtimeMessage } = earlier;
  const how = { typed, submitted, via, runtimeMessage };
  const equals = equalsOf(messagesOf(world.ledger()), order.agent, digest);
  const said = acknowledgedUntilNow(world.acks, digest, equals, earlier.id);
  const head = { agent: order.agent, message: order.message };
  const tell = (verdict: Verdict): Verdict => {
    const event = verdictEvent(head, verdict, typed, world.wallUs());
    // The recorder and other repeats hear the same word: whoever is first tells it.
    world.append([event], `${event.type}:${order.agent}:${order.message}`);
    return verdict;
  };
  // The runtime may have said it after the first sender's time was up.
  const late = earlier.verdict === "accepted" ? null : lateVerdict(earlier, said, handsOf(world.ledger()));
  if (late !== null) return { verdict: tell(late), ...how, reached: "accepted" };
  return { verdict: verdictOf(earlier), ...how, reached: reachedBy(earlier) };
}

function verdictOf({ verdict, because, kind, proof, queued, submitted, via }: MessageEntry): Verdict {
  const why = because ?? "";
  if (verdict === "accepted") return { verdict, proof: proof as Proof, queued, because: why };
  if (verdict === "draft") return { verdict, because: why };
  if (verdict === "unverifiable") return { verdict, which: kind as "no-evidence", because: why };
  if (verdict === "refused") return { verdict, why: kind as "changed", what: null, because: why };
  const how =
    via === "prompt_async"
      ? "while the runtime's server was given it"
      : submitted
        ? "after Enter was typed"
        : "before Enter was typed";
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
