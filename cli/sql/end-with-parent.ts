import { Worker } from "node:worker_threads";

/** How often the thread looks. */
const EVERY_MS = 250;
/** The parent ends a query that is late; only one that cannot any longer leaves it to the query's own process. */
const GRACE_MS = 5000;

const LOOK = `
  const { parent, deadlineMs, everyMs } = require("node:worker_threads").workerData;
  setInterval(() => {
    if (process.ppid !== parent || Date.now() > deadlineMs) process.kill(process.pid, "SIGKILL");
  }, everyMs);
`;

/**
 * SQLite runs a query to its end and hears nothing meanwhile; and a parent that was killed ends nobody. So a thread beside it looks whether
 * the parent is still there (it may be gone before this process has begun), and ends this whole process when it is not. `timeoutS` 0: however long it takes. Returns how to call it off.
 */
export function endWithParent(parent: number, timeoutS: number): () => Promise<unknown> {
  const deadlineMs = timeoutS === 0 ? Number.POSITIVE_INFINITY : Date.now() + timeoutS * 1000 + GRACE_MS;
  const workerData = { parent, deadlineMs, everyMs: EVERY_MS };
  const thread = new Worker(LOOK, { eval: true, workerData });
  thread.unref();
  return () => thread.terminate();
}
