import type { HookLine } from "./hook-line.ts";

/** Which ends a tmux server had lost and was told of, so that the line it then writes is not taken for the time of an end. */
export interface ToldEnds {
  /** The server was told at that time (µs since the epoch) that what ran in these panes has ended. */
  told(server: number, panes: readonly { readonly pane: string }[], nowUs: number): void;
  /** Whether tmux wrote this line because it was told: asked once for each line, in the order of the spool. */
  isOf(line: Pick<HookLine, "hook" | "server" | "pane" | "atSeconds">): boolean;
  /** Another server is there. */
  forget(): void;
}

export function createToldEnds(): ToldEnds {
  const fromSeconds = new Map<string, number>();
  return {
    told(server, panes, nowUs) {
      for (const { pane } of panes) fromSeconds.set(`${server} ${pane}`, Math.floor(nowUs / 1e6));
    },
    isOf({ hook, server, pane, atSeconds }) {
      if (hook !== "pane-died") return false;
      const key = `${server} ${pane}`;
      const from = fromSeconds.get(key);
      // Tmux may have noticed by itself a second before; and what is respawned in the pane ends another time.
      fromSeconds.delete(key);
      return from !== undefined && atSeconds >= from;
    },
    forget: () => fromSeconds.clear(),
  };
}
