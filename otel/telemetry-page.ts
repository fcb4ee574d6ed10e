import { instruments, prometheusName } from "./metrics/catalogue.ts";
import { attributeMeanings, resourceMeanings, spans } from "./mirror/catalogue.ts";

/** docs/telemetry.md: every span, attribute and metric, made of the lists that the code itself is held to. */
export function telemetryPage(): string {
  const rows = (heads: readonly string[], lines: readonly (readonly string[])[]): string =>
    [heads, heads.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const code = (text: string) => `\`${text}\``;
  return `# What fleet tells OpenTelemetry and Prometheus

Generated; a test holds it to the code (\`vitest run test/otel/telemetry-page.test.ts -u\` writes it again).

## Spans of \`fleet mirror\`

Trace ids are digests of tenant, host, agent, life and UTC day (of messages: of their id, or the caller's own); span ids of what they
are of. A repeat is the same bytes.

${rows(
  ["span", "kind", "beneath", "from", "to", "status ERROR"],
  spans.map(({ name, kind, parent, from, to, error }) => [
    code(name),
    kind.toUpperCase(),
    parent,
    from,
    to,
    error,
  ]),
)}

Links carry \`fleet.link\`: \`previous-day\`, \`previous-incarnation\` (from a root), \`session\` (from a message to the agent's day),
\`first-revision\`.

## Attributes of spans

${rows(
  ["attribute", "on", "meaning"],
  Object.entries(attributeMeanings).map(([name, meaning]) => [
    code(name),
    spans.every(({ attributes }) => attributes.includes(name))
      ? "all"
      : spans
          .filter(({ attributes }) => attributes.includes(name))
          .map((span) => span.name.replace(/ [A-Z]+\\b/g, ""))
          .join("; "),
    meaning,
  ]),
)}

## Attributes of the resource

${rows(
  ["attribute", "meaning"],
  Object.entries(resourceMeanings).map(([name, meaning]) => [code(name), meaning]),
)}

## Metrics

Every measurement carries \`tenant_id\` and \`host\`. What is unknown has no measurement.

${rows(
  ["Prometheus", "OpenTelemetry", "kind", "unit", "attributes", "meaning"],
  Object.values(instruments).map((instrument) => [
    code(prometheusName(instrument)),
    code(instrument.name),
    instrument.kind,
    code(instrument.unit),
    instrument.attributes.map(code).join(", "),
    instrument.description,
  ]),
)}
`;
}
