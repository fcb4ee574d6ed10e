import { prometheusName } from "./catalogue.ts";
import type { Measured } from "./snapshot.ts";

/** What `Content-Type` says of it. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The text exposition format 0.0.4, as Prometheus scrapes it and node_exporter's textfile collector reads it. */
export function expositionOf(metrics: readonly Measured[]): string {
  return metrics
    .filter(({ measurements }) => measurements.length > 0)
    .map(({ instrument, measurements }) => {
      const name = prometheusName(instrument);
      const samples = measurements.map(({ value, attributes }) => {
        const labels = Object.entries(attributes).map(([label, text]) => `${label}="${escaped(text)}"`);
        return `${name}{${labels.join(",")}} ${value}\n`;
      });
      return `# HELP ${name} ${escapedHelp(instrument.description)}\n# TYPE ${name} ${instrument.kind}\n${samples.join("")}`;
    })
    .join("");
}

/** A value may hold anything from a session's name to a path; half a surrogate pair would be no UTF-8. */
function escaped(text: string): string {
  const wellFormed = Buffer.from(text).toString();
  return wellFormed.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapedHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
