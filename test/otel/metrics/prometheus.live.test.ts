import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLiveFleet, type LiveFleet, waitUntil } from "../../cli/support/live-fleet.ts";
import { type Prometheus, promtool, startPrometheus } from "../support/prometheus.ts";

const ROSTER = `version: 1
tmux: { socket_name: fleet-test, holder_session: _holder }
heartbeat: { interval_seconds: 1 }
agents:
  - { name: coder0, runtime: dogfood-agent.py, class: implementer }
  - { name: coder1, runtime: pi, class: implementer }
`;

let live: LiveFleet;
let prometheus: Prometheus;
let url: string;
let tokenFile: string;

beforeAll(async () => {
  live = createLiveFleet(ROSTER);
  live.tmux("new-session", "-d", "-s", "_holder", "sleep", "infinity");
  for (const name of ["coder0", "coder1"]) live.startAgent(name);
  const recorder = live.start("record", "--metrics", "0");
  await waitUntil("the endpoint is told", () => recorder.stdout().includes(" metrics at "));
  [, url = "", tokenFile = ""] =
    /metrics at (http:\S+), for whoever knows (.*)\n/.exec(recorder.stdout()) ?? [];
  prometheus = await startPrometheus(join(live.home, "prometheus"), {
    port: Number(new URL(url).port),
    tokenFile,
  });
}, 60_000);
afterAll(async () => {
  await prometheus?.stop();
  await live.remove();
});

const statusIn = async (agent: string) =>
  (await prometheus.query(`fleet_agent_status{agent="${agent}"} == 1`))[0]?.metric.status;

describe("a real Prometheus and a real recorder", () => {
  test("scrape and answer by the token, which nobody else may read", async () => {
    expect(tokenFile).toBe(join(live.home, "state", "metrics-token"));
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect((await fetch(url)).status).toBe(401);
    await waitUntil(
      "it was scraped",
      async () => (await prometheus.query('up{job="fleet"} == 1')).length === 1,
    );
    await waitUntil("both are healthy", async () =>
      ["coder0", "coder1"].every(async (name) => (await statusIn(name)) === "healthy"),
    );
    await waitUntil(
      "drift is seen",
      async () => (await prometheus.query("fleet_agent_drift == 1")).length === 1,
    );
    const [drift] = await prometheus.query("fleet_agent_drift == 1");
    expect(drift?.metric).toMatchObject({ tenant_id: "jarvis", host: "W-jarvis", agent: "coder1" });
    const [holder] = await prometheus.query('fleet_agent_status{class="holder"} == 1');
    expect(holder?.metric.status).toBe("running");
    expect(await prometheus.query("fleet_recorder_up == 1")).toHaveLength(1);
  });

  test("what the endpoint says is well formed to promtool", async () => {
    const token = readFileSync(tokenFile, "utf8").trim();
    const text = await (await fetch(url, { headers: { Authorization: `Bearer ${token}` } })).text();
    expect(text).toContain('fleet_source_up{tenant_id="jarvis",host="W-jarvis",source="tmux",scope="');
    expect(promtool(["check", "metrics"], text)).toBe("");
  });

  test("the status that Prometheus has is that of ps, and its alert begins when an agent dies", async () => {
    process.kill(live.panePid("coder0"), "SIGKILL");
    await waitUntil("Prometheus has it as not healthy", async () =>
      ["dead", "failed"].includes((await statusIn("coder0")) ?? ""),
    );
    expect(await statusIn("coder0")).toBe((await live.row("coder0")).status);
    await waitUntil(
      "the alert is pending",
      async () => (await prometheus.query('ALERTS{alertname="FleetAgentDown",agent="coder0"}')).length === 1,
    );
  });

  test("fleet metrics prints the same families, and writes them in one step for node_exporter", async () => {
    const file = join(live.home, "fleet.prom");
    const { code, stdout, stderr } = await live.fleet("metrics");
    expect([code, stderr]).toEqual([0, ""]);
    expect(promtool(["check", "metrics"], stdout)).toBe("");
    expect((await live.fleet("metrics", "--output", file)).code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    const families = (text: string) => text.split("\n").filter((line) => line.startsWith("# TYPE"));
    expect(families(readFileSync(file, "utf8"))).toEqual(families(stdout));
  });

  test("every query of the Grafana dashboard is one that Prometheus answers", async () => {
    const dashboard = JSON.parse(
      readFileSync(new URL("../../../examples/grafana/fleet.json", import.meta.url), "utf8"),
    ) as { panels: { title: string; targets: { expr: string }[] }[] };
    const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(10);
    for (const expression of expressions) {
      const concrete = expression.replaceAll("$tenant", "jarvis").replaceAll("$host", ".*");
      await expect(prometheus.query(concrete)).resolves.toBeDefined();
    }
  });
});
