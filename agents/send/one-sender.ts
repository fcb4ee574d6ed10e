import { createHash } from "node:crypto";
import { createServer } from "node:net";

/** Held while one message is typed: of two senders the second waits, so that their texts do not run into each other. */
export interface Turn {
  release(): void;
}

const PAUSE_MS = 20;

/**
 * Waits for the turn to type into a pane; null when it did not come within the time. The turn is a name in the kernel's own list of
 * sockets (abstract, no file): it ends with its process, however that ends.
 */
export async function waitForTurn(key: string, timeoutMs: number): Promise<Turn | null> {
  const name = `\0fleet-send-${createHash("sha256").update(key).digest("hex").slice(0, 40)}`;
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const turn = await tryToTake(name);
    if (turn !== null) return turn;
    if (performance.now() >= endMs) return null;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function tryToTake(name: string): Promise<Turn | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(name, () => resolve({ release: () => void server.close() }));
    server.unref();
  });
}
