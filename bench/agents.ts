/**
 * What acting on agents costs: a message to a ready bash until its verdict, as a whole process; and being watched, by `fleet watch` on
 * a terminal of its own: processor time, tmux clients included, and how far it is behind the screen.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { atMost, info, median, type Result, table } from "./result.ts";

const LAUNCHER = fileURLToPath(new URL("../bin/fleet", import.meta.url));
const SOCKET = "fleet-bench";
const SENDS = 30;
const WATCHED_MS = 20_000;
const SETTLE_MS = 3000;
/** USER_HZ, what /proc counts processor time in. */
const TICKS_PER_SECOND = 100;

/** Shows the time, about once a second; or as fast as a pane takes it. */
const STAMPS =
  "import time\nwhile True:\n    print(f'stamp {time.time():.4f} ', flush=True)\n    time.sleep(0.917)\n";
const FLOOD = "import time\nwhile True:\n    print(f'stamp {time.time():.4f} ' + 'x' * 60, flush=True)\n";

export async function run(): Promise<Result[]> {
  const fleet = start();
  try {
    const bare: number[] = [];
    const sends = Array.from({ length: SENDS }, (_, round) => {
      const begunMs = performance.now();
      spawnSync(process.execPath, ["-e", "0"]);
      bare.push(performance.now() - begunMs);
      return fleet.send(`echo ${round}`);
    });
    const quiet = await watched(fleet, "quiet", ["sleep", "100000"]);
    const stamps = await watched(fleet, "stamps", ["python3", "-c", STAMPS]);
    const flood = await watched(fleet, "flood", ["python3", "-c", FLOOD]);
    return [
      atMost(
        "send --verify: a ready bash, verdict, median of whole processes",
        median(sends.map(({ wholeMs }) => wholeMs)),
        "ms",
        300,
      ),
      info(
        "send --verify: of that, from the search for the pane to the verdict",
        median(sends.map(({ ownMs }) => ownMs)),
        "ms",
      ),
      info("send --verify: a bare `node -e 0`, in turn with it", median(bare), "ms"),
      atMost("watch: of a core, a quiet agent", quiet.share, "%", 2),
      atMost("watch: behind the screen, median", median(stamps.lateMs), "ms", 100),
      info("watch: of a core, an agent that writes a line each second", stamps.share, "%"),
      atMost("watch: of a core, a flooding agent", flood.share, "%", 10),
      info("watch: behind the screen of a flooding agent, median", median(flood.lateMs), "ms"),
    ];
  } finally {
    await fleet.end();
  }
}

interface BenchFleet {
  readonly environment: Readonly<Record<string, string>>;
  tmux(...words: string[]): string;
  send(text: string): { readonly wholeMs: number; readonly ownMs: number };
  end(): Promise<void>;
}

function start(): BenchFleet {
  const home = mkdtempSync(join(tmpdir(), "fleet-bench-"));
  const fleetHome = join(home, "fleet");
  const socketPath = join(home, `tmux-${process.getuid?.() ?? 0}`, SOCKET);
  mkdirSync(fleetHome, { recursive: true, mode: 0o700 });
  mkdirSync(join(socketPath, ".."), { mode: 0o700 });
  const names = ["shell", "quiet", "stamps", "flood"];
  const rows = names.map((name) => `  - { name: ${name}, runtime: bash }`);
  writeFileSync(
    join(fleetHome, "roster.yaml"),
    `version: 1\ntmux: { socket_name: ${SOCKET} }\nagents:\n${rows.join("\n")}\n`,
  );
  const environment = {
    HOME: home,
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    TMUX_TMPDIR: home,
    FLEET_HOME: fleetHome,
    FLEET_STATE: join(home, "state"),
  };
  const tmux = (...words: string[]): string =>
    execFileSync("tmux", ["-u", "-f", "/dev/null", "-S", socketPath, ...words], {
      env: { ...environment, LC_ALL: "C.UTF-8" },
      encoding: "utf8",
    }).trim();
  tmux(
    "new-session",
    "-d",
    "-s",
    "shell",
    "-x",
    "120",
    "-y",
    "40",
    "env",
    "PS1=bench$ ",
    "bash",
    "--norc",
    "-i",
  );
  const server = Number(tmux("display-message", "-p", "#{pid}"));
  return {
    environment,
    tmux,
    send(text) {
      const beganMs = performance.now();
      const { status, stdout, stderr } = spawnSync(LAUNCHER, ["send", "shell", text, "--verify", "--json"], {
        env: environment,
        encoding: "utf8",
      });
      const wholeMs = performance.now() - beganMs;
      if (status !== 0) throw new Error(`fleet send ended with ${status}: ${stdout}${stderr}`);
      return { wholeMs, ownMs: (JSON.parse(stdout) as { elapsed_ms: number }).elapsed_ms };
    },
    async end() {
      process.kill(server, "SIGKILL");
      await pause(200);
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** An agent is watched for a while: the share of a core that the viewer takes, and how old each stamp is when it is drawn. */
async function watched(
  fleet: BenchFleet,
  name: string,
  words: readonly string[],
): Promise<{ readonly share: number; readonly lateMs: readonly number[] }> {
  fleet.tmux("new-session", "-d", "-s", name, "-x", "120", "-y", "40", ...words);
  const lateMs: number[] = [];
  let newest = 0;
  const viewer = spawn(
    "script",
    ["-qefc", `stty cols 120 rows 41; exec '${LAUNCHER}' watch ${name}`, "/dev/null"],
    {
      env: { ...fleet.environment, TERM: "xterm" },
      stdio: ["pipe", "pipe", "ignore"],
    },
  );
  viewer.stdout.setEncoding("utf8").on("data", (text: string) => {
    const nowMs = Date.now();
    const stamps = [...text.matchAll(/stamp (\d+\.\d+)/g)].map(([, stamp]) => Number(stamp) * 1000);
    const last = Math.max(0, ...stamps);
    if (last <= newest) return;
    newest = last;
    lateMs.push(nowMs - last);
  });
  try {
    await pause(SETTLE_MS);
    // What was drawn first was on the screen before.
    lateMs.length = 0;
    const pid = viewerOf(viewer);
    const before = usedBy(pid);
    const begunMs = performance.now();
    await pause(WATCHED_MS);
    const seconds = (performance.now() - begunMs) / 1000;
    return { share: ((usedBy(pid) - before) / TICKS_PER_SECOND / seconds) * 100, lateMs: [...lateMs] };
  } finally {
    const ended = new Promise((resolve) => viewer.on("close", resolve));
    viewer.stdin.write("q");
    await ended;
    fleet.tmux("kill-session", "-t", `=${name}`);
  }
}

/** `script` is the terminal; its child has become the viewer. */
function viewerOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

/** Clock ticks of a process and of all the programs that it has run to their ends. */
function usedBy(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(table(await run()));
