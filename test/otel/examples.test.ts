import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { groups, verbs } from "../../cli/verbs.ts";
import { otlpSettings } from "../../otel/otlp/settings.ts";

const place = (name: string) => fileURLToPath(new URL(`../../examples/otel/${name}`, import.meta.url));
const read = (name: string) => readFileSync(place(name), "utf8");
const walk = read("README.md");

describe("examples/otel", () => {
  test("every file is YAML that parses, and serves on loopback only", () => {
    for (const name of readdirSync(place(".")).filter((file) => file.endsWith(".yml"))) {
      expect(parse(read(name)), name).toBeTypeOf("object");
      const { services = {} } = parse(read(name)) as { services?: Record<string, { ports?: string[] }> };
      for (const { ports = [] } of Object.values(services))
        for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    }
  });

  test("a compose file mounts what is there, and shows the port that the walk-through sends to", () => {
    for (const name of ["jaeger.compose.yml", "tempo.compose.yml"]) {
      const { services } = parse(read(name)) as {
        services: Record<string, { volumes?: string[]; ports?: string[] }>;
      };
      const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
        volumes.filter((volume) => volume.startsWith("./")).map((volume) => volume.split(":")[0] ?? ""),
      );
      for (const path of mounted) expect(readdirSync(place(".")), name).toContain(path.slice(2));
      const ports = Object.values(services).flatMap(({ ports = [] }) => ports);
      const { port } = new URL(
        otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" }, "traces").url,
      );
      expect(ports).toContain(`127.0.0.1:${port}:4318`);
    }
  });

  test("nothing queues between fleet and what stores: no batch processor, no sending queue", () => {
    for (const name of ["jaeger.yml", "collector.yml"]) {
      const { service, exporters } = parse(read(name)) as {
        service: { pipelines: { traces: { processors: string[] } } };
        exporters: Record<string, { sending_queue?: { enabled: boolean } } | null>;
      };
      expect(service.pipelines.traces.processors, name).toEqual([]);
      for (const exporter of Object.values(exporters))
        expect(exporter?.sending_queue?.enabled ?? false, name).toBe(false);
    }
  });

  test("Tempo's limit for one trace holds a full part of ours with room, and old spans stay searchable", () => {
    const { overrides, storage } = parse(read("tempo.yml")) as {
      overrides: { defaults: { global: { max_bytes_per_trace: number } } };
      storage: { trace: { wal: { ingestion_time_range_slack: string } } };
    };
    expect(overrides.defaults.global.max_bytes_per_trace).toBeGreaterThan(5000 * 1000 * 2);
    expect(storage.trace.wal.ingestion_time_range_slack).toBe("720h");
  });

  test("every fleet command of the walk-through is one that fleet understands", () => {
    const commands = [...walk.matchAll(/^ {4}fleet (.+)$/gm)].map(([, words = ""]) => words.split(" "));
    expect(commands.length).toBeGreaterThan(3);
    for (const words of commands) {
      const verb =
        verbs.find(({ name }) => words.join(" ").startsWith(name) && name.includes(" ")) ??
        verbs.find(({ name }) => name === words[0]);
      expect(verb?.name ?? groups.find(({ name }) => name === words[0]), words.join(" ")).toBeDefined();
      for (const option of words.filter((word) => word.startsWith("--")))
        expect(
          verb?.options.map(({ name }) => `--${name}`),
          words.join(" "),
        ).toContain(option);
    }
  });
});
