import { afterEach, beforeEach } from "vitest";
import type { TmuxCollectorOptions } from "../../../collectors/tmux/collector.ts";
import { until } from "../../support/collecting.ts";
import { createMemoryLog, type MemoryLog } from "./memory-log.ts";
import { createTmuxHome, type TmuxHome, type TmuxServer } from "./tmux-server.ts";

/** A collector that watches in the background until it is stopped. */
export interface Watching {
  readonly log: MemoryLog;
  /** Ends it and waits for its end; what it threw is thrown. */
  stop(): Promise<void>;
}

export interface WatchOptions extends Partial<TmuxCollectorOptions> {
  readonly cursors?: Map<string, string>;
}

/** Watches these sockets; with a server behind the first one, waits until its hooks stand. */
export async function watching(
  home: TmuxHome,
  sockets: readonly TmuxServer[],
  { cursors, ...options }: WatchOptions = {},
): Promise<Watching> {
  const log = createMemoryLog(cursors);
  const collector = home.collector(sockets, options);
  let failure: unknown = null;
  const ended = collector.watch(log.context).catch((error: unknown) => {
    failure = error ?? new Error("thrown: nothing");
  });
  const [first] = sockets;
  if (first !== undefined && first.pid() !== 0) {
    await until("the hooks stand", () => {
      if (failure !== null) throw failure;
      return log.events("tmux.hooks.installed").length > 0 && log.latest(first.path) !== undefined;
    });
  }
  return {
    log,
    async stop() {
      log.end();
      await ended;
      if (failure !== null) throw failure;
    },
  };
}

/** A folder and a tmux server of its own for each test of a file: gone after it, and what watched them too. */
export function ownTmuxForEachTest(
  give: (home: TmuxHome, server: TmuxServer) => void,
  watcher: () => Watching | null,
): void {
  let home: TmuxHome;
  beforeEach(() => {
    home = createTmuxHome();
    give(home, home.socket());
  });
  afterEach(async () => {
    await watcher()?.stop();
    await home.remove();
  });
}
