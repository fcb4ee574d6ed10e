import { basename } from "node:path";
import type { CollectorContext } from "../collector.ts";
import { createWake } from "../wake.ts";
import type { TmuxSettings } from "./collector.ts";
import { shellWord } from "./hooks.ts";
import { publishRejectedLine } from "./publish.ts";
import { parseRemembered, REMEMBERED_SOCKETS } from "./remembered.ts";
import { createSocketWatch, type SocketWatch } from "./socket-watch.ts";
import { listSockets, type TmuxSocket } from "./sockets.ts";
import { prepareSpool, spoolStamp } from "./spool.ts";
import { createSpoolFeed, type SpoolFeed } from "./spool-feed.ts";
import { type SpoolPlace, spoolPath } from "./spool-file.ts";
import { createSpoolWake } from "./spool-wake.ts";
import { socketIdentity } from "./sweep.ts";
import { uninstallFrom } from "./uninstall.ts";

/** How often the roster is asked which sockets it names. */
const ROSTER_MS = 500;

const OTHERS_AT_ONCE = 8;

interface Running {
  readonly socket: TmuxSocket;
  /** Named by the roster, as against only found in the directory. */
  readonly rostered: boolean;
  readonly watch: SocketWatch;
  /** Null where no hooks are set. */
  readonly spool: { readonly place: SpoolPlace; readonly feed: SpoolFeed } | null;
  stamp: string;
  readonly stop: AbortController;
}

/** Watches the roster's sockets, and the others of this user on a slower tick, each on its own, until the signal ends it. */
export async function watchSockets(settings: TmuxSettings, context: CollectorContext): Promise<void> {
  const { clock } = context;
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  const wake = createWake(signal);
  const running = new Map<string, Running>();
  const turns = new Set<Promise<void>>();
  // A path whose watch is ending: nothing new begins there until it has ended.
  const leaving = new Set<string>();
  // Sockets without a server, by what the file was: one that comes up makes its socket anew.
  const dismissed = new Map<string, string | null>();
  let failure: { readonly error: unknown } | null = null;

  const fail = (error: unknown): void => {
    failure ??= { error };
    ending.abort();
  };
  const inBackground = (turn: Promise<void>): void => {
    const settled = turn.catch(fail).finally(() => turns.delete(settled));
    turns.add(settled);
  };

  const nowMs = (): number => clock.monotonicUs() / 1000;
  let rosterDueMs = 0;
  let othersDueMs = 0;
  let tidyDueMs = nowMs() + settings.tidyMs;
  const spoolWake = createSpoolWake(settings.spoolDirectory, (name) => {
    try {
      for (const entry of running.values()) {
        if (name === null || name === `${entry.socket.name}.spool`) readNewLines(entry);
      }
    } catch (error) {
      fail(error);
    }
  });
  try {
    while (!signal.aborted) {
      if (nowMs() >= rosterDueMs) {
        rosterDueMs = nowMs() + ROSTER_MS;
        followRoster();
      }
      spoolWake.follow();
      if (nowMs() >= othersDueMs) {
        othersDueMs = nowMs() + settings.otherSocketsTickMs;
        followOthers();
      }
      for (const entry of running.values()) {
        entry.watch.sweep();
        readNewLines(entry);
      }
      if (nowMs() >= tidyDueMs) {
        tidyDueMs = nowMs() + settings.tidyMs;
        for (const entry of running.values()) inBackground(tidy(entry));
      }
      await wake.wait(settings.sweepMs);
    }
  } catch (error) {
    fail(error);
  } finally {
    ending.abort();
    spoolWake.close();
    await Promise.all(turns);
  }
  if (failure !== null) throw (failure as { error: unknown }).error;

  function followRoster(): void {
    const wanted = new Map(settings.sockets().map((socket) => [socket.path, socket]));
    for (const [path, entry] of running) {
      if (entry.rostered !== wanted.has(path)) entry.stop.abort();
    }
    for (const socket of wanted.values()) begin(socket, true);
  }

  function followOthers(): void {
    const remembered = parseRemembered(context.cursor(REMEMBERED_SOCKETS));
    const rostered = new Set(settings.sockets().map(({ path }) => path));
    const found = listSockets(settings.socketDirectory);
    const listed = new Set(found.map(({ path }) => path));
    for (const path of remembered) {
      if (!listed.has(path)) found.push({ name: basename(path), path });
    }
    let begun = 0;
    for (const socket of found) {
      if (rostered.has(socket.path) || running.has(socket.path)) continue;
      if (dismissed.get(socket.path) === socketIdentity(socket.path)) continue;
      // Dead sockets gather by the hundred: their tmux clients are not started all at once.
      if (begun++ === OTHERS_AT_ONCE) {
        othersDueMs = 0;
        return;
      }
      begin(socket, false);
    }
  }

  function begin(socket: TmuxSocket, rostered: boolean): void {
    if (running.has(socket.path) || leaving.has(socket.path)) return;
    const stop = new AbortController();
    const own = { ...context, signal: AbortSignal.any([signal, stop.signal]) };
    const spool = rostered ? openSpool(socket) : null;
    const identity = socketIdentity(socket.path);
    const watch = createSocketWatch({
      socketPath: socket.path,
      access: settings.access,
      procRoot: settings.procRoot,
      bootId: settings.bootId,
      tickMs: rostered ? settings.tickMs : settings.otherSocketsTickMs,
      hooksCheckMs: settings.hooksCheckMs,
      context: own,
      spoolPath: spool === null ? null : spoolPath(spool),
      onlyListed: !rostered,
    });
    const feed = spool === null ? null : feedOf(socket, spool, watch);
    const entry = { socket, rostered, watch, spool: feed, stamp: "", stop };
    running.set(socket.path, entry);
    inBackground(
      watch.run().then(async () => {
        running.delete(socket.path);
        if (!rostered && !stop.signal.aborted) dismissed.set(socket.path, identity);
        const left = !settings.sockets().some(({ path }) => path === socket.path);
        if (spool !== null && left && !signal.aborted) await retire(socket);
      }),
    );
  }

  /** The roster names this socket no longer: what is only listed carries no marks of ours. */
  async function retire(socket: TmuxSocket): Promise<void> {
    leaving.add(socket.path);
    const { access, socketDirectory, spoolDirectory } = settings;
    await uninstallFrom(socket, { access, socketDirectory, spoolDirectory, signal }, context);
    leaving.delete(socket.path);
    othersDueMs = 0;
  }

  /** Without a spool (a full disk, say) there are no hooks; the looks go on, and the spool is tried for again. */
  function openSpool(socket: TmuxSocket): SpoolPlace | null {
    const place = { directory: settings.spoolDirectory, socketName: socket.name };
    try {
      shellWord(prepareSpool(place));
      return place;
    } catch (error) {
      publishRejectedLine(
        context,
        socket.path,
        `no spool for hooks: ${(error as Error).message}`,
        settings.spoolDirectory,
      );
      return null;
    }
  }

  function feedOf(socket: TmuxSocket, place: SpoolPlace, watch: SocketWatch): NonNullable<Running["spool"]> {
    const { rotateBytes, lingerMs } = settings;
    const own = { ...context, signal };
    const feed = createSpoolFeed({
      place,
      socketPath: socket.path,
      context: own,
      beholder: watch,
      rotateBytes,
      lingerMs,
    });
    return { place, feed };
  }

  function readNewLines(entry: Running): void {
    const { spool, watch } = entry;
    if (spool === null || signal.aborted) return;
    const stamp = spoolStamp(spool.place);
    if (stamp === entry.stamp) return;
    entry.stamp = stamp;
    inBackground(
      spool.feed.drain().then((found) => {
        if (found) watch.poke();
      }),
    );
  }

  async function tidy({ rostered, socket, spool, stop }: Running): Promise<void> {
    if (!rostered) return;
    const place = spool?.place ?? { directory: settings.spoolDirectory, socketName: socket.name };
    try {
      shellWord(prepareSpool(place));
    } catch {
      // Said when the watch began; tried again at the next turn.
      return;
    }
    // There is room for a spool now: begun anew, this watch sets its hooks.
    if (spool === null) return stop.abort();
    await spool.feed.drain();
    spool.feed.tidy();
  }
}
