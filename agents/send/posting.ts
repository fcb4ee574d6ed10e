import type { FleetEvent } from "../../store/events/catalogue.ts";
import { acksNaming } from "./acknowledgements.ts";
import type { Acknowledged } from "./delivery.ts";
import { type LedgerHead, messageEvent } from "./ledger.ts";
import type { PostEdge, PostOutcome } from "./post.ts";
import type { SendOrder, SendWorld } from "./send.ts";

/** What posting a message needs besides the world and the order. */
export interface Posting extends Pick<PostEdge, "pane" | "nowMs" | "wait"> {
  readonly runtime: string | null;
  readonly head: LedgerHead;
  tell(event: FleetEvent): boolean;
}

/**
 * Posts a message where its runtime has a server for that, and writes the ledger. What is meant for the input row (a command, or to stand
 * behind a draft) is typed.
 */
export async function postMessage(
  world: SendWorld,
  order: SendOrder,
  { runtime, head, tell, ...edge }: Posting,
): Promise<PostOutcome> {
  if (runtime !== "opencode" || order.command || order.append) return { state: "typing", because: null };
  const { acks } = world;
  // An HTTP client that the other runtimes need not wait for.
  const { post } = await import("./post.ts");
  return post(
    { ...edge, acks, acksOf: (id) => acksNaming(acks, id), wallMs: () => world.wallUs() / 1000 },
    {
      text: order.text,
      deadlineMs: edge.nowMs() + order.timeoutMs,
      verify: order.verify,
      posting: ({ listener, session, runtimeMessage }) => {
        const { pid, port } = listener;
        const where = { via: "prompt_async", runtime, pid, port, session, runtimeMessage } as const;
        tell(messageEvent("message.posted", head, where, world.wallUs()));
      },
      posted: () => void tell(messageEvent("message.submitted", head, {}, world.wallUs())),
    },
  );
}

/** What the adapter has said by now of a message that was posted. */
export function acknowledgedById(
  world: SendWorld,
  runtimeMessage: string,
  takenUp: boolean,
): () => Acknowledged {
  return () => {
    const lines = acksNaming(world.acks, runtimeMessage);
    const has = (word: string): boolean => lines.some(({ what }) => what === word);
    const isUp = takenUp || has("taken-up");
    return { expected: has("received"), received: true, queued: !isUp, takenUp: isUp };
  };
}
