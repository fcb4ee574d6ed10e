import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { Variables } from "../environment.ts";
import type { Voice } from "./voice.ts";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** A mirror that ran for so long has not failed at its start. */
const WELL_AFTER_MS = 60_000;
/** Below everything that records. */
const PRIORITY = 10;
/** How long a mirror may take to put down where it is. */
const GRACE_MS = 3000;

/**
 * The mirror beside a recorder, in a process of its own: it cannot slow the recorder's event loop, and when it dies the recorder goes on
 * and starts it again. Its standard input is a pipe from here, so it ends with the recorder, however that one ends.
 */
export function startMirrorChild(
  environment: Variables,
  voice: Voice,
  words: readonly string[] = [],
): { stop(): Promise<void> } {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let isStopping = false;
  let gone: () => void = () => {};

  const start = (): void => {
    timer = null;
    const begunMs = performance.now();
    const argv = [mainFile(), "mirror", "--while-stdin", "--json", ...words];
    const running = spawn(process.execPath, argv, { env: environment, stdio: ["pipe", "pipe", "pipe"] });
    child = running;
    let complaint = "";
    running.stdin.on("error", () => {});
    eachLine(running.stdout, (line) => tell(line, voice));
    running.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-500);
    });
    running.on("spawn", () => lowerPriority(running.pid));
    running.on("error", (error) => {
      complaint = error.message;
    });
    running.on("close", (code, signal) => {
      child = null;
      gone();
      if (isStopping) return;
      if (performance.now() - begunMs > WELL_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
      const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
      const reason = complaint.trim().split("\n")[0] ?? "";
      voice({
        what: "mirror",
        trouble: true,
        text: `the mirror ${how}${reason === "" ? "" : `: ${reason}`}; it is started again in ${pauseMs / 1000} s`,
      });
      timer = setTimeout(start, pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    });
  };
  start();
  return {
    async stop() {
      isStopping = true;
      if (timer !== null) clearTimeout(timer);
      const running = child;
      if (running === null) return;
      const ended = new Promise<void>((resolve) => {
        gone = resolve;
      });
      running.kill("SIGTERM");
      const impatience = setTimeout(() => running.kill("SIGKILL"), GRACE_MS);
      await ended;
      clearTimeout(impatience);
    },
  };
}

/** The command itself: beside the sources, or in the bundle. */
function mainFile(): string {
  const source = fileURLToPath(new URL("../main.ts", import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL("../fleet.cjs", import.meta.url));
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-100_000);
    for (const line of lines) take(line);
  });
}

function tell(line: string, voice: Voice): void {
  try {
    const said = JSON.parse(line) as { what?: unknown; reason?: unknown; url?: unknown };
    if (said.what === "started")
      voice({ what: "mirror", trouble: false, text: `mirroring to ${String(said.url)}` });
    else if (said.what === "trouble") {
      const isOver = said.reason === null;
      const text = isOver
        ? "the receiver of the mirror answers again"
        : `the receiver of the mirror: ${String(said.reason)}`;
      voice({ what: "mirror", trouble: !isOver, text });
    }
  } catch {
    // A line that is none of ours: its process is told about when it ends.
  }
}

function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, PRIORITY);
  } catch {
    // It has ended already.
  }
}
