import { MockOtlpServer } from "@elastic/mockotlpserver";
import { afterEach, beforeEach, expect, test } from "vitest";
import { instruments } from "../../../otel/metrics/catalogue.ts";
import { createLiveFleet, type LiveFleet, waitUntil } from "../../cli/support/live-fleet.ts";

const ROSTER = `version: 1
tmux: { socket_name: fleet-test, holder_session: _holder }
agents:
  - { name: coder0, runtime: dogfood-agent.py, class: implementer }
`;

let live: LiveFleet;
beforeEach(() => {
  live = createLiveFleet(ROSTER);
  live.tmux("new-session", "-d", "-s", "_holder", "sleep", "infinity");
  live.startAgent("coder0");
});
afterEach(() => live.remove());

interface Sent {
  readonly resourceMetrics: {
    readonly scopeMetrics: {
      readonly metrics: {
        readonly name: string;
        readonly sum?: { readonly isMonotonic: boolean };
        readonly gauge?: object;
      }[];
    }[];
  }[];
}

test.each(["http/protobuf", "http/json"])(
  "the mirror sends the numbers of fleet metrics over %s, too",
  async (protocol) => {
    const arrived = new Map<string, { sum?: { isMonotonic: boolean }; gauge?: object }>();
    const server = new MockOtlpServer({
      logLevel: "fatal",
      services: ["http"],
      httpHostname: "127.0.0.1",
      httpPort: 0,
      onMetrics({ resourceMetrics }: Sent) {
        for (const { scopeMetrics } of resourceMetrics)
          for (const { metrics } of scopeMetrics)
            for (const metric of metrics) arrived.set(metric.name, metric);
      },
    });
    await server.start();
    try {
      Object.assign(live.environment, {
        OTEL_EXPORTER_OTLP_ENDPOINT: String(server.httpUrl),
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_TRACES_EXPORTER: "none",
      });
      await live.row("coder0");
      const mirror = live.start("mirror");
      await waitUntil("numbers have arrived", () => arrived.size > 0);
      mirror.child.kill("SIGTERM");
      expect((await mirror.ended).code).toBe(0);
    } finally {
      await server.close();
    }
    const known = new Map<string, string>(Object.values(instruments).map(({ name, kind }) => [name, kind]));
    expect(arrived.size).toBeGreaterThan(8);
    for (const [name, { sum, gauge }] of arrived) {
      expect(known.get(name), name).toBe(sum == null ? "gauge" : "counter");
      expect(sum?.isMonotonic ?? gauge != null).toBe(true);
    }
    expect(arrived.has("fleet.agent.status")).toBe(true);
  },
);
