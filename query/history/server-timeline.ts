import type { ManagerDocument, ServerDocument } from "../planes/documents.ts";
import { ONLY } from "../planes/documents.ts";
import type { Spans } from "./span.ts";
import { gapsBetween, spanAt } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, endOf, pieceAt, setFrom, setWithin } from "./timeline.ts";
import type { Told } from "./told.ts";

export interface ServerTold {
  readonly server: ServerDocument | undefined;
  /** The boot of the machine ended it; no look saw it go. */
  readonly byBoot: boolean;
}

export interface Boot {
  readonly bootId: string;
  readonly atUs: number;
  /** The kernel states its boot in whole seconds: it was in [atUs, atUs + withinUs). */
  readonly withinUs: number;
  readonly seq: number;
}

const KERNEL_SECOND_US = 1_000_000;

/** Boots that systemd told of, each by the first word of it: the boot time is computed, so later words of the same boot may differ a little. */
export function bootsOf(told: Told): Boot[] {
  const manager = told.of("manager", ONLY) as Timeline<ManagerDocument | undefined>;
  const boots = new Map<string, Boot>();
  for (const [piece, document] of manager.values.entries()) {
    if (!document || boots.has(document.manager.bootId)) continue;
    const atUs = Math.min(document.manager.bootedAtUs, manager.fromUs[piece] as number);
    const { bootId } = document.manager;
    boots.set(bootId, { bootId, atUs, withinUs: KERNEL_SECOND_US, seq: document.seq });
  }
  return [...boots.values()].sort((a, b) => a.atUs - b.atUs);
}

/** A socket's server over time. A boot in a gap ends the server of the boot before, at the latest then, until the look that ends the gap. */
export function serverTimeline(
  told: Told,
  socket: string,
  boots: readonly Boot[],
  covered: Spans,
): Timeline<ServerTold> {
  const documents = told.of("server", socket) as Timeline<ServerDocument | undefined>;
  const result = always<ServerTold>({ server: undefined, byBoot: false });
  for (const [piece, server] of documents.values.entries()) {
    setFrom(result, documents.fromUs[piece] as number, { server, byBoot: false });
  }
  const gaps = gapsBetween(covered);
  for (const { atUs, seq } of boots) {
    const gap = spanAt(gaps, atUs);
    const piece = pieceAt(documents, atUs);
    const server = documents.values[piece];
    if (!gap || gap.toUs === Infinity || server?.state !== "up") continue;
    // What came up at the boot itself or after it is of this boot, and so is what the look that ends the gap still finds.
    const goneUs = servedUntil(documents, piece);
    if ((documents.fromUs[piece] as number) >= atUs || goneUs > gap.toUs) continue;
    const gone = { ...server, state: "gone" as const, reason: "rebooted", sinceUs: atUs, seq };
    setWithin(result, atUs, goneUs, { server: gone, byBoot: true });
  }
  return result;
}

/** When the server that was up in this piece was no longer told to be; its document may change while it serves. */
function servedUntil(documents: Timeline<ServerDocument | undefined>, piece: number): number {
  const pid = documents.values[piece]?.pid;
  let last = piece;
  for (let next = piece + 1; next < documents.values.length; next++) {
    const server = documents.values[next];
    if (server?.state !== "up" || server.pid !== pid) break;
    last = next;
  }
  return endOf(documents, last);
}
