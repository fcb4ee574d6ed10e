import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bus, connectBus } from "./bus-client.ts";
import { type Hint, hintOf, MATCH_RULES } from "./manager-signals.ts";

export interface BusWatchOptions {
  readonly socketPath: string;
  readonly uid: number;
  readonly deadlineMs: number;
  readonly retryMs: number;
  readonly signal: AbortSignal;
  readonly onHint: (hint: Hint) => void;
  /** The manager's signals reach us from now on (null), or do not, and why. Told at each change and each failed try. */
  readonly onState: (unheardBecause: string | null) => void;
}

export interface BusWatch {
  /** Whether signals are heard at this moment. */
  heard(): boolean;
  /**
   * Asks the manager for a sign of life over the same connection. The bus keeps the order of what it delivers, so an
   * answer proves that every signal sent before it has been seen: nothing changed unnoticed.
   */
  ping(): Promise<boolean>;
  /** Resolves when it has ended after the signal. */
  readonly ended: Promise<void>;
}

/** Keeps a connection to the user's bus with the manager's signals on it, for as long as the signal allows. */
export function watchBus(options: BusWatchOptions): BusWatch {
  let bus: Bus | null = null;

  const listen = async (): Promise<string> => {
    let connection: Bus | null = null;
    // Asked for each second where there is none: a look at the file costs a tenth of a connection that fails.
    if (!existsSync(options.socketPath)) return `there is no ${options.socketPath}`;
    try {
      connection = await connectBus({
        socketPath: options.socketPath,
        uid: options.uid,
        deadlineMs: options.deadlineMs,
        signal: options.signal,
        onSignal: (signal) => options.onHint(hintOf(signal)),
      });
      for (const rule of MATCH_RULES) await connection.ask({ ask: "match", rule });
      await connection.ask({ ask: "subscribe" });
      bus = connection;
      options.onState(null);
      return await connection.closed;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      bus = null;
      connection?.close("closed by us");
    }
  };

  const run = async (): Promise<void> => {
    while (!options.signal.aborted) {
      const reason = await listen();
      if (options.signal.aborted) return;
      options.onState(reason);
      await sleep(options.retryMs, undefined, { signal: options.signal }).catch(() => {});
    }
  };

  return {
    heard: () => bus !== null,
    async ping() {
      const asked = bus;
      if (asked === null) return false;
      try {
        await asked.ask({ ask: "ping" });
        return true;
      } catch (error) {
        // A manager that does not answer may be reloading or hung: the connection is made anew, and all is looked at again.
        asked.close((error as Error).message);
        return false;
      }
    },
    ended: run(),
  };
}
