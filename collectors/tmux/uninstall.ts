import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { CollectorContext } from "../collector.ts";
import type { TmuxAccess } from "./ask.ts";
import { NO_BEHOLDER } from "./hook-line.ts";
import { ownerOf } from "./hooks.ts";
import { readMarks, removeMarks } from "./marks.ts";
import type { TmuxSocket } from "./sockets.ts";
import { removeSpool } from "./spool.ts";
import { createSpoolFeed } from "./spool-feed.ts";
import { isSpoolName, spoolPath } from "./spool-file.ts";

/** What became of our marks on one socket. */
export type Uninstalled = { readonly socket: TmuxSocket } & (
  | { readonly state: "removed"; readonly hooks: number }
  /** Nothing of ours was there, or there is no server. */
  | { readonly state: "nothing" }
  /** The hooks belong to the recorder of another state directory; they are left to it. */
  | { readonly state: "foreign" }
  | { readonly state: "unavailable"; readonly reason: string }
);

export interface UninstallOptions {
  readonly access: TmuxAccess;
  readonly signal?: AbortSignal;
  readonly socketDirectory: string;
  readonly spoolDirectory: string;
}

/** A hook that fired just before its removal is still about to write its line. */
const LAST_LINES_MS = 50;

/**
 * Removes our hooks and `@fleet_*` options from the servers behind these sockets and behind every other one that a spool is
 * named after, puts what the spools still hold into the log, and takes the spools away.
 */
export async function uninstallHooks(
  sockets: readonly TmuxSocket[],
  options: UninstallOptions,
  context: Pick<CollectorContext, "clock" | "emit" | "cursor">,
): Promise<Uninstalled[]> {
  const all = new Map(spooledSockets(options).map((socket) => [socket.path, socket]));
  for (const socket of sockets) all.set(socket.path, socket);
  return Promise.all([...all.values()].map((socket) => uninstallFrom(socket, options, context)));
}

export async function uninstallFrom(
  socket: TmuxSocket,
  { access, spoolDirectory, signal }: UninstallOptions,
  context: Pick<CollectorContext, "clock" | "emit" | "cursor">,
): Promise<Uninstalled> {
  if (!isSpoolName(socket.name)) return { socket, state: "nothing" };
  const place = { directory: spoolDirectory, socketName: socket.name };
  const outcome = await strip(socket, { access, signal, owner: ownerOf(spoolPath(place)) }, context);
  if (outcome.state === "unavailable") return outcome;
  if (outcome.state === "removed") await sleep(LAST_LINES_MS);
  const feed = createSpoolFeed({
    place,
    socketPath: socket.path,
    context,
    beholder: NO_BEHOLDER,
    rotateBytes: Number.POSITIVE_INFINITY,
    lingerMs: 0,
  });
  await feed.drain();
  removeSpool(place);
  return outcome;
}

async function strip(
  socket: TmuxSocket,
  { access, signal, owner }: { access: TmuxAccess; signal: AbortSignal | undefined; owner: string },
  context: Pick<CollectorContext, "clock" | "emit">,
): Promise<Uninstalled> {
  const held = await readMarks(access, socket.path, signal);
  if (held.state === "gone") return { socket, state: "nothing" };
  if (held.state !== "done") return { socket, state: "unavailable", reason: held.reason };
  const marks = held.value;
  if (marks.owner !== null && marks.owner !== owner) return { socket, state: "foreign" };
  if (marks.hooks.length === 0 && marks.options.length === 0) return { socket, state: "nothing" };
  const removed = await removeMarks(access, socket.path, marks, signal);
  if (removed.state === "gone") return { socket, state: "nothing" };
  if (removed.state !== "done") return { socket, state: "unavailable", reason: removed.reason };
  const event: NewEvent<"tmux.hooks.removed", PayloadOf<"tmux.hooks.removed">> = {
    type: "tmux.hooks.removed",
    agent: null,
    source: "tmux",
    occurredAtUs: context.clock.nowUs(),
    precision: "us",
    payload: { socket: socket.path, server: marks.server, hooks: removed.value },
  };
  context.emit({ source: "tmux", events: [event] });
  return { socket, state: "removed", hooks: removed.value };
}

function spooledSockets({ socketDirectory, spoolDirectory }: UninstallOptions): TmuxSocket[] {
  try {
    return readdirSync(spoolDirectory)
      .filter((name) => name.endsWith(".spool"))
      .map((name) => name.slice(0, -".spool".length))
      .map((name) => ({ name, path: join(socketDirectory, name) }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
