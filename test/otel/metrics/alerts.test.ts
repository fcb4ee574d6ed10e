import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { instruments, prometheusName } from "../../../otel/metrics/catalogue.ts";
import { promtool } from "../support/prometheus.ts";

const place = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const RULES = place("examples/prometheus/fleet-alerts.yml");
const known = new Set(Object.values(instruments).map(prometheusName));

test("promtool accepts the rules and the configuration of the examples", () => {
  expect(promtool(["check", "rules", RULES])).toMatch(/SUCCESS: \d+ rules found/);
  expect(
    promtool(["check", "config", "--syntax-only", place("examples/prometheus/prometheus.yml")]),
  ).toContain("is valid");
});

test("each alert fires on what it is for, after its time, and not on what is well or merely unknown", () => {
  expect(promtool(["test", "rules", place("test/otel/metrics/fleet-alerts.test.yml")])).toContain("SUCCESS");
});

/** An alert that nobody has seen fire is a hope. */
test("every alert has such a test", () => {
  const names = (text: string, key: string) =>
    new Set([...text.matchAll(new RegExp(`${key}: (\\w+)$`, "gm"))].map(([, name]) => name));
  const tested = names(readFileSync(place("test/otel/metrics/fleet-alerts.test.yml"), "utf8"), "alertname");
  expect([...names(readFileSync(RULES, "utf8"), "alert")].filter((name) => !tested.has(name))).toEqual([]);
});

test("rules and dashboard speak of metrics that exist", () => {
  for (const path of [RULES, place("examples/grafana/fleet.json")]) {
    const text = readFileSync(path, "utf8");
    const named = [...text.matchAll(/\bfleet_[a-z_]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(
      named.filter((name) => !known.has(name)),
      path,
    ).toEqual([]);
  }
});
