import type { Batch } from "../../store/events/batch.ts";
import type { CollectorContext } from "../collector.ts";
import type { Sight } from "./look-at-socket.ts";
import { rejectedInput } from "./rejected.ts";
import { REMEMBERED_SOCKETS, rememberMove } from "./remembered.ts";

/** Hands a look to the log and says how it ended. A look that told nothing changes nothing: unknown is not dead. */
export function publishSight(
  context: Pick<CollectorContext, "clock" | "emit" | "cursor" | "report">,
  socketPath: string,
  sight: Sight,
): void {
  if (sight.state === "unavailable") {
    context.report(socketPath, { state: "unavailable", reason: sight.reason });
    return;
  }
  const gauges = sight.state === "seen" ? { gauges: activityOf(socketPath, sight) } : {};
  const batch: Batch = { source: "tmux", snapshot: sight.snapshot, ...gauges };
  for (;;) {
    const move = rememberMove(context.cursor(REMEMBERED_SOCKETS), socketPath, sight.state === "seen");
    if (context.emit(move === undefined ? batch : { ...batch, cursor: move }).ok) break;
  }
  context.report(socketPath, { state: "observed" });
}

/** Keeps what a server answered and nobody understood. */
export function publishRejectedLine(
  context: Pick<CollectorContext, "clock" | "emit">,
  socketPath: string,
  reason: string,
  raw: string,
): void {
  const nowUs = context.clock.nowUs();
  const bytes = Buffer.byteLength(raw);
  const event = rejectedInput({ source: "tmux", reason, where: socketPath, raw, bytes, nowUs });
  context.emit({ source: "tmux", events: [event] });
}

function activityOf(scope: string, sight: Extract<Sight, { state: "seen" }>) {
  const values: Record<string, number> = {};
  for (const { pane, activityAtUs } of sight.snapshot.panes)
    if (activityAtUs !== null) values[pane] = activityAtUs;
  return { scope, values };
}
