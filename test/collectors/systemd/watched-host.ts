import type { ChildProcess } from "node:child_process";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Batch } from "../../../store/events/batch.ts";
import type { SystemdSnapshot } from "../../../store/events/snapshot.ts";
import { createHost, type Host, type HostOptions, installedNode } from "../../sandbox/host.ts";

const checkout = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const sources = "/opt/sources";
const runner = join(sources, "test/collectors/systemd/run-collectors.ts");
/** What the runner loads: the collectors as they stand in the checkout, and the file watcher's packages. */
const NEEDED = [
  "package.json",
  "collectors",
  "store",
  "test/collectors/systemd/run-collectors.ts",
  "node_modules/chokidar",
  "node_modules/readdirp",
];

export interface Report {
  readonly source: string;
  readonly scope: string;
  readonly state: "observed" | "unavailable";
  readonly reason?: string;
}
interface Line {
  readonly batch?: Batch;
  readonly report?: Report;
  readonly ended?: true;
}

/** What the collectors of one user have said so far. */
export interface Watching {
  readonly lines: Line[];
  /** Waits until something that was said since the last `mark` fits; throws with all that was said when nothing does. */
  until<T>(what: string, find: (since: Line[]) => T | null | undefined | false): Promise<T>;
  /** What is said from here on is new to `until`. */
  mark(): void;
  stop(): Promise<void>;
}

const DEADLINE_MS = 20_000;

/** A sandbox host whose users can run the collectors. They are copied: a checkout may be closed to all but its owner. */
export async function bootHost(options: HostOptions = {}): Promise<Host> {
  const host = await createHost(options);
  try {
    for (const name of NEEDED)
      await cp(join(checkout, name), await host.path(join(sources, name)), { recursive: true });
    await host.check("root", ["chmod", "-R", "a+rX,go-w", sources]);
    return host;
  } catch (error) {
    await host.down();
    throw error;
  }
}

/** The units that the tests start: agents as a fleet has them, and units whose process can be ended in every way. */
export async function installUnits(host: Host, user: string): Promise<void> {
  const units: Record<string, string> = {
    "mosaic-agent@.service":
      "[Unit]\nDescription=Mosaic agent %i\n[Service]\nType=oneshot\nRemainAfterExit=yes\n" +
      'ExecStart=/usr/bin/tmux -L mosaic-factory new-session -d -s %i "exec sleep 100000"\n' +
      "ExecStop=-/usr/bin/tmux -L mosaic-factory kill-session -t =%i\n[Install]\nWantedBy=default.target\n",
    "mosaic-plain@.service": "[Service]\nExecStart=/bin/sleep 100000\n",
    "mosaic-broken.service": "[Service]\nExecStart=/nonexistent/agent\n",
    "named-by-roster.service": "[Service]\nExecStart=/bin/sleep 100000\n",
    "stranger.service": "[Service]\nExecStart=/bin/sleep 100000\n",
  };
  const directory = ".config/systemd/user";
  await host.check(user, ["mkdir", "-p", directory]);
  for (const [name, text] of Object.entries(units))
    await host.check(user, ["tee", `${directory}/${name}`], { input: text });
  await host.check(user, ["systemctl", "--user", "daemon-reload"]);
}

/** Starts both collectors as a user. `cursorFile` is where the journal's cursor survives a stop. */
export function watchAs(
  host: Host,
  user: string,
  named: readonly string[] = [],
  how: { mode?: "watch" | "sample"; cursorFile?: string } = {},
): Watching {
  const argv = [installedNode, runner, how.cursorFile ?? "cursor", how.mode ?? "watch", ...named];
  const child: ChildProcess = host.spawn(user, argv, { env: { TICK_MS: "1000" } });
  const lines: Line[] = [];
  let stderr = "";
  let marked = 0;
  let wake: () => void = () => {};
  if (child.stdout === null || child.stderr === null) throw new Error("no pipes to the collectors");
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    lines.push(JSON.parse(text) as Line);
    wake();
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));

  return {
    lines,
    mark: () => {
      marked = lines.length;
    },
    async until(what, find) {
      const deadline = Date.now() + DEADLINE_MS;
      for (;;) {
        const found = find(lines.slice(marked));
        if (found) return found;
        const left = deadline - Date.now();
        if (left <= 0 || child.exitCode !== null) {
          const said = lines.slice(marked).map((line) => JSON.stringify(line));
          throw new Error(`${what}: not seen. ${stderr}\n${said.join("\n").slice(-8000)}`);
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(left, 500));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      await closed;
    },
  };
}

export function snapshotsOf(lines: readonly Line[]): SystemdSnapshot[] {
  return lines.flatMap((line) =>
    line.batch?.snapshot?.source === "systemd" ? [line.batch.snapshot as SystemdSnapshot] : [],
  );
}

/** The last state of a unit that was seen, or undefined. */
export function unitSeen(lines: readonly Line[], unit: string) {
  return snapshotsOf(lines)
    .flatMap((snapshot) => snapshot.units)
    .filter((seen) => seen.unit.unit === unit)
    .at(-1);
}

export interface Logged {
  readonly type: string;
  readonly agent: string | null;
  readonly occurredAtUs: number;
  readonly payload: Record<string, unknown>;
}

export function eventsOf(lines: readonly Line[], type: string): Logged[] {
  return lines
    .flatMap((line) => (line.batch?.events ?? []) as unknown as Logged[])
    .filter((event) => event.type === type);
}

/** The kinds of lines that were logged about a unit, in their order. */
export function loggedOf(lines: readonly Line[], unit: string): unknown[] {
  return eventsOf(lines, "journal.unit.logged")
    .filter((event) => event.payload.unit === unit)
    .map((event) => event.payload.what);
}

export function lastReport(lines: readonly Line[], source: string, scope = ""): Report | undefined {
  return lines
    .flatMap((line) => (line.report === undefined ? [] : [line.report]))
    .filter((report) => report.source === source && report.scope === scope)
    .at(-1);
}
