import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootId } from "../../../collectors/proc/stat.ts";
import { createTmuxCollector, type TmuxCollectorOptions } from "../../../collectors/tmux/collector.ts";
import { until } from "../../support/collecting.ts";

/** The whole environment of the tmux programs that tests start. */
export const environment = { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: "/nonexistent" };

export interface TmuxHome {
  readonly root: string;
  /** Where `tmux -L` puts its sockets. */
  readonly socketDirectory: string;
  readonly spoolDirectory: string;
  socket(name?: string): TmuxServer;
  collector(
    sockets: readonly TmuxServer[],
    options?: Partial<TmuxCollectorOptions>,
  ): ReturnType<typeof createTmuxCollector>;
  /** Ends every server that was started here and takes the folder away. */
  remove(): Promise<void>;
}

export interface TmuxServer {
  readonly name: string;
  readonly path: string;
  /** Runs one tmux client; throws with what it said when it fails. */
  run(...words: string[]): string;
  format(format: string): string;
  pid(): number;
}

/** A private folder for tmux servers: nothing outside of it is touched. */
export function createTmuxHome(): TmuxHome {
  const root = mkdtempSync(join(tmpdir(), "fleet-test-"));
  const socketDirectory = join(root, `tmux-${process.getuid?.() ?? 0}`);
  const spoolDirectory = join(root, "state", "spool");
  mkdirSync(socketDirectory, { mode: 0o700 });
  const started = new Map<number, string>();

  const socket = (name = "fleet-test"): TmuxServer => {
    const path = join(socketDirectory, name);
    const run = (...words: string[]): string => {
      const out = execFileSync("tmux", ["-u", "-f", "/dev/null", "-S", path, ...words], {
        env: { ...environment, LC_ALL: "C.UTF-8" },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 20_000,
      }).replace(/\n$/, "");
      if (words[0] === "new-session") note(path);
      return out;
    };
    const note = (socketPath: string): void => {
      const pid = Number(pidOf(socketPath));
      if (pid > 0) started.set(pid, startOf(pid));
    };
    const pidOf = (socketPath: string): string => {
      try {
        return execFileSync("tmux", ["-S", socketPath, "display-message", "-p", "#{pid}"], {
          env: environment,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        }).trim();
      } catch {
        return "0";
      }
    };
    return {
      name,
      path,
      run,
      format: (format) => run("display-message", "-p", format),
      pid: () => Number(pidOf(path)),
    };
  };

  return {
    root,
    socketDirectory,
    spoolDirectory,
    socket,
    collector: (sockets, options = {}) =>
      createTmuxCollector({
        sockets: () => sockets,
        socketDirectory,
        spoolDirectory,
        bootId: bootId(),
        environment,
        ...options,
      }),
    async remove() {
      for (const [pid, start] of started) {
        if (startOf(pid) !== start) continue;
        process.kill(pid, "SIGCONT");
        process.kill(pid, "SIGKILL");
      }
      await until("the tmux servers have ended", () =>
        [...started].every(([pid, start]) => startOf(pid) !== start),
      );
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Start ticks of a living process, "" for one that has ended: a pid alone may be somebody else's by now. */
export function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

/** A person at a terminal: `script` gives the tmux client a pty. Ends with `leave`. */
export function attachTerminal(
  server: TmuxServer,
  target: string,
  ...options: string[]
): { leave(): Promise<void> } {
  const command = ["tmux", "-u", "-S", server.path, "attach-session", ...options, "-t", target]
    .map((word) => `'${word}'`)
    .join(" ");
  const child = spawn("script", ["-qfc", command, "/dev/null"], {
    env: { ...environment, TERM: "xterm", LC_ALL: "C.UTF-8" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  return {
    async leave() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
