import type { PayloadOf } from "../../store/events/catalogue.ts";
import { lookAtPane } from "../pane/pane.ts";
import { classify } from "../screens/classify.ts";
import type { DeliveryEdge } from "./deliver.ts";

/** How far a message is followed. */
export type Until = "accepted" | "taken-up" | "answered";

/** What following needs from the world. */
export type FollowEdge = Pick<DeliveryEdge, "pane" | "acknowledged" | "nowMs" | "wait">;

export interface FollowOptions {
  readonly until: Until;
  readonly deadlineMs: number;
  readonly runtime: string | null;
  readonly wasQueued: boolean;
  /** By what a word of its adapter is known to be of this message. */
  readonly by: "id" | "ack";
  tell<T extends "message.taken_up" | "message.withdrawn" | "message.answered">(
    type: T,
    payload: Omit<PayloadOf<T>, "message">,
  ): void;
}

const PAUSE_MS = 100;
/** A runtime at rest between two turns looks like one that has ended its last: it has to stay so. */
const RESTS_MS = 1500;

/**
 * Follows a message that was accepted until its turn has begun, or has ended. A message that was not queued has begun one. Of a
 * queued one that is known by the runtime's own word alone, and a runtime that comes to rest without it has lost it to
 * somebody's hand.
 */
export async function follow(edge: FollowEdge, options: FollowOptions): Promise<Until> {
  const { until, deadlineMs, runtime, wasQueued, by, tell } = options;
  let reached: Until = "accepted";
  let restsSinceMs: number | null = null;
  while (edge.nowMs() < deadlineMs) {
    if (reached === "accepted" && (edge.acknowledged().takenUp || (!wasQueued && runtime !== null))) {
      tell("message.taken_up", { proof: edge.acknowledged().takenUp ? by : "screen" });
      reached = "taken-up";
    }
    if (until === "taken-up" && reached === "taken-up") return reached;
    const look = await lookAtPane(edge.pane);
    if (look.state !== "pane" || look.dead) return reached;
    const reading = runtime === null ? null : classify(runtime, look.screen);
    const rests = reading?.state === "ready" && !reading.queued;
    restsSinceMs = rests ? (restsSinceMs ?? edge.nowMs()) : null;
    if (restsSinceMs !== null && edge.nowMs() - restsSinceMs >= RESTS_MS) {
      if (reached === "taken-up") {
        tell("message.answered", { because: "the turn that took it up has ended" });
        return "answered";
      }
      if (!edge.acknowledged().expected) return reached;
      tell("message.withdrawn", { because: "the runtime came to rest without having taken it up" });
      return reached;
    }
    await edge.wait(PAUSE_MS);
  }
  return reached;
}
