import type { Look, Observations } from "./observations.ts";

/**
 * Looks that changed nothing wait for the next commit of this process. A recorder commits each second by renewing its lease, while
 * its sources look about twice a second: a commit of their own for each was a third of what an idle recorder cost. One that dies
 * loses what it saw in its last second, and then says that it looked less lately than it did, never more.
 */
export interface HeldLooks {
  hold(look: Look): void;
  /** Inside a transaction, before anything newer is noted. They are held until `written` says that it was committed. */
  write(): void;
  written(): void;
}

export function createHeldLooks(observations: Observations): HeldLooks {
  const held = new Map<string, Look>();
  return {
    hold: (look) => held.set(`${look.source} ${look.scope}`, look),
    write() {
      for (const look of held.values()) observations.record(look);
    },
    written: () => held.clear(),
  };
}
