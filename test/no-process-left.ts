import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** How long what was told to end may take to be gone from /proc. */
const GRACE_MS = 5000;

/**
 * Marks this run in the environment, which every process it starts inherits, and fails the run when one of them is still
 * there at its end. Programs that were started with an environment of their own carry no mark and are their test's to end.
 */
export default function markRun(): () => Promise<void> {
  const mark = `MARK_OF_TEST_RUN=${randomUUID()}`;
  process.env.MARK_OF_TEST_RUN = mark.slice(mark.indexOf("=") + 1);
  return async () => {
    const endAt = performance.now() + GRACE_MS;
    let left = marked(mark);
    while (left.length > 0 && performance.now() < endAt) {
      await pause(50);
      left = marked(mark);
    }
    if (left.length > 0) throw new Error(`tests left processes behind: ${left.join(", ")}`);
  };
}

function marked(mark: string): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => {
      const environment = read(`/proc/${pid}/environ`).split("\0");
      const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
      // The runner's own workers end with the runner.
      const isRunner = command.includes("vitest") || command.includes("esbuild");
      return environment.includes(mark) && !isRunner ? [`${pid} (${command.slice(0, 120)})`] : [];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
