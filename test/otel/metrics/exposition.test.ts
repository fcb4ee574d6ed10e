import { describe, expect, test } from "vitest";
import { instruments, prometheusName } from "../../../otel/metrics/catalogue.ts";
import { expositionOf } from "../../../otel/metrics/exposition.ts";
import { metricsOf } from "../../../otel/metrics/snapshot.ts";
import type { AgentRow } from "../../../query/row.ts";
import { agentRow, NOW, psDocumentOf } from "../../cli/support/rows.ts";

const exposed = (agents: AgentRow[], restarts: Record<string, number> = {}): string =>
  expositionOf(
    metricsOf({
      table: psDocumentOf(agents),
      nowUs: Date.parse(NOW) * 1000,
      documents: {
        get: (family, id) => (family === "tally" && id in restarts ? { restarts: restarts[id] } : undefined),
        list: (family) => (family === "verdicts" ? [["coder0", { accepted: 4, draft: 1 }]] : []),
      },
      recorderLagSeconds: 0.4,
      logBytes: 4096,
      version: "1.2.3",
      mirror: { lagEvents: 3, lagSeconds: 1.5, sent: 100, rejected: 1, dead: 2 },
    }),
  );
const linesOf = (text: string, name: string) =>
  text.split("\n").filter((line) => line.startsWith(`${name}{`));

describe("the text exposition", () => {
  test("each family stands once, with its help and type before its samples", () => {
    const text = exposed([agentRow("coder0"), agentRow("coder1")]);
    const families = text.split("\n").filter((line) => line.startsWith("# TYPE "));
    expect(new Set(families).size).toBe(families.length);
    expect(text).toContain(
      "# TYPE fleet_agent_heartbeat_age_seconds gauge\n" +
        'fleet_agent_heartbeat_age_seconds{tenant_id="jarvis",host="W-jarvis",agent="coder0",class="implementer",runtime="pi"} 4.2\n',
    );
    expect(text).toContain("# TYPE fleet_agent_restarts_total counter\n");
    expect(text).toContain('fleet_log_events_total{tenant_id="jarvis",host="W-jarvis"} 8123\n');
    expect(text.endsWith("\n")).toBe(true);
  });

  test("every sample names its tenant and its host", () => {
    const samples = exposed([agentRow("coder0")])
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(samples.length).toBeGreaterThan(30);
    for (const line of samples) expect(line).toContain('{tenant_id="jarvis",host="W-jarvis"');
  });

  test("exactly one status of an agent is 1", () => {
    const text = exposed([agentRow("coder0", { status: "stale" })]);
    const statuses = linesOf(text, "fleet_agent_status");
    expect(statuses).toHaveLength(13);
    expect(statuses.filter((line) => line.endsWith(" 1"))).toEqual([
      expect.stringContaining('status="stale"'),
    ]);
  });

  test("what is unknown has no sample, and is not zero", () => {
    const text = exposed([
      agentRow("coder0", {
        since: null,
        idle: { seconds: null },
        heartbeat: { age_seconds: null },
        drift: { state: "unknown" },
        boot: { state: "unknown" },
      }),
    ]);
    for (const name of [
      "fleet_agent_heartbeat_age_seconds",
      "fleet_agent_idle_seconds",
      "fleet_agent_drift",
      "fleet_agent_boot_gap",
      "fleet_agent_status_start_time_seconds",
    ])
      expect(linesOf(text, name), name).toEqual([]);
  });

  test("names with quotes, backslashes, newlines and half a surrogate pair stay one line of valid UTF-8", () => {
    const text = exposed([agentRow('a"b\\c\nd\ud800')]);
    expect(text).toContain('agent="a\\"b\\\\c\\nd\ufffd"');
    for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^(# |fleet_[a-z_]+\{.*\} \S+$)/);
  });

  test("restarts come from the log's own count", () => {
    expect(linesOf(exposed([agentRow("coder0")], { coder0: 7 }), "fleet_agent_restarts_total")).toEqual([
      expect.stringMatching(/ 7$/),
    ]);
  });

  test("verdicts on messages and the mirror are counted", () => {
    const text = exposed([agentRow("coder0")]);
    expect(text).toContain(
      'fleet_messages_total{tenant_id="jarvis",host="W-jarvis",agent="coder0",verdict="accepted"} 4\n',
    );
    expect(text).toContain('fleet_mirror_lag_seconds{tenant_id="jarvis",host="W-jarvis"} 1.5\n');
    expect(text).toContain('fleet_mirror_spans_rejected_total{tenant_id="jarvis",host="W-jarvis"} 1\n');
  });

  test("names follow OpenTelemetry's translation to Prometheus and collide nowhere", () => {
    const names = Object.values(instruments).map(prometheusName);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^fleet_[a-z_]+$/);
    expect(prometheusName(instruments.logSize)).toBe("fleet_log_size_bytes");
  });
});
