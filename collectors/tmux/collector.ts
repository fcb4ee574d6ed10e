import type { Collector } from "../collector.ts";
import type { TmuxAccess } from "./ask.ts";
import { sampleSockets } from "./sample.ts";
import type { TmuxSocket } from "./sockets.ts";
import { watchSockets } from "./watch.ts";

export interface TmuxCollectorOptions {
  /** The sockets that the roster names now; asked again and again, so that a changed roster is followed. */
  readonly sockets: () => readonly TmuxSocket[];
  /** `${TMUX_TMPDIR:-/tmp}/tmux-<uid>`: other sockets in it are looked at too, and never hooked. */
  readonly socketDirectory: string;
  readonly spoolDirectory: string;
  readonly bootId: string;
  /** What a tmux client gets as its whole environment (beside a UTF-8 locale). */
  readonly environment: { readonly PATH: string; readonly HOME: string };
  readonly tmuxProgram?: string;
  readonly procRoot?: string;
  readonly deadlineMs?: number;
  readonly tickMs?: number;
  readonly sweepMs?: number;
  readonly otherSocketsTickMs?: number;
  readonly hooksCheckMs?: number;
  /** How often spools are seen to: set aside when large, taken away when done, made again when missing. */
  readonly tidyMs?: number;
  /** A spool larger than this is set aside once it is read. */
  readonly rotateBytes?: number;
  /** How long a spool that was set aside is kept after its last change. */
  readonly lingerMs?: number;
}

/** The options with every default filled in. */
export type TmuxSettings = Required<
  Omit<TmuxCollectorOptions, "tmuxProgram" | "environment" | "deadlineMs">
> & {
  readonly access: TmuxAccess;
};

/**
 * What tmux says: servers, sessions, panes, clients. `watch` sets hooks on the roster's sockets (the only thing it ever
 * changes, beside the nudge for a server that lost a SIGCHLD); `sample` changes nothing.
 */
export function createTmuxCollector(options: TmuxCollectorOptions): Collector {
  const settings = withDefaults(options);
  return {
    source: "tmux",
    sample: (context) => sampleSockets(settings, context),
    watch: (context) => watchSockets(settings, context),
  };
}

function withDefaults(options: TmuxCollectorOptions): TmuxSettings {
  const { tmuxProgram = "tmux", environment, deadlineMs = 2000 } = options;
  return {
    sockets: options.sockets,
    socketDirectory: options.socketDirectory,
    spoolDirectory: options.spoolDirectory,
    bootId: options.bootId,
    access: { program: tmuxProgram, environment, deadlineMs },
    procRoot: options.procRoot ?? "/proc",
    tickMs: options.tickMs ?? 2000,
    sweepMs: options.sweepMs ?? 250,
    otherSocketsTickMs: options.otherSocketsTickMs ?? 10_000,
    hooksCheckMs: options.hooksCheckMs ?? 15_000,
    tidyMs: options.tidyMs ?? 5000,
    rotateBytes: options.rotateBytes ?? 1024 * 1024,
    lingerMs: options.lingerMs ?? 10_000,
  };
}
