import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FINDER = fileURLToPath(new URL("../../../scripts/find-prometheus.sh", import.meta.url));
const RULES = fileURLToPath(new URL("../../../examples/prometheus/fleet-alerts.yml", import.meta.url));

/** The path of Debian's `prometheus` or `promtool`, as the test set-up found or brought it. */
export function prometheusTool(name: "prometheus" | "promtool"): string {
  return join(execFileSync("sh", [FINDER], { encoding: "utf8" }).trim(), name);
}

export function promtool(args: readonly string[], input = ""): string {
  return execFileSync(prometheusTool("promtool"), args, {
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
}

export interface Prometheus {
  /** The samples of an instant query; throws what Prometheus says of a query that it does not understand. */
  query(expression: string): Promise<{ metric: Record<string, string>; value: string }[]>;
  get(path: string): Promise<{ status: string; data: never }>;
  stop(): Promise<void>;
}

/** A real Prometheus in a directory of its own, with the alert rules of the examples, that scrapes each second. */
export async function startPrometheus(
  directory: string,
  target: { port: number; tokenFile: string },
): Promise<Prometheus> {
  mkdirSync(directory, { recursive: true });
  cpSync(RULES, join(directory, "fleet-alerts.yml"));
  writeFileSync(
    join(directory, "prometheus.yml"),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [fleet-alerts.yml]
scrape_configs:
  - job_name: fleet
    authorization: { credentials_file: ${JSON.stringify(target.tokenFile)} }
    static_configs: [{ targets: ["127.0.0.1:${target.port}"] }]
`,
  );
  const port = await freePort();
  const child = spawn(
    prometheusTool("prometheus"),
    [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-4000);
  });
  const base = `http://127.0.0.1:${port}`;
  await ready(child, `${base}/-/ready`, () => complaints);
  const get = async (path: string) => (await fetch(`${base}${path}`)).json() as never;
  return {
    get,
    async query(expression) {
      const answer = (await get(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
        status: string;
        error?: string;
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      if (answer.status !== "success") throw new Error(`${expression}: ${answer.error}`);
      return answer.data.result.map(({ metric, value }) => ({ metric, value: value[1] }));
    },
    stop: () => ended(child),
  };
}

async function ready(child: ChildProcess, url: string, complaints: () => string): Promise<void> {
  const endMs = performance.now() + 30_000;
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    if (child.exitCode !== null || performance.now() > endMs) {
      await ended(child);
      throw new Error(`prometheus did not start: ${complaints()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  return gone;
}

/** Prometheus does not tell which port it chose, so one is chosen for it. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
