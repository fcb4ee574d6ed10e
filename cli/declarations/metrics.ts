import type { VerbDeclaration } from "../declaration.ts";
import { json, noCollect } from "./shared.ts";

export const metrics: VerbDeclaration = {
  name: "metrics",
  purpose: "keep",
  summary: "print the numbers of now for Prometheus",
  description: [
    "Status, heartbeat age, restarts, drift and boot gap of every agent, how fresh each source is, the recorder and the log, in the text format that Prometheus scrapes and node_exporter's textfile collector reads. The numbers come from the same verdict as `fleet ps`; what is unknown has no line.",
    "`fleet record --metrics ADDRESS` serves the same over HTTP.",
  ],
  arguments: [],
  options: [
    {
      name: "output",
      short: "o",
      value: { name: "FILE", kind: "text" },
      description: "write to this file, replaced in one step and readable by all",
    },
    noCollect,
    json,
  ],
  examples: [
    { command: "fleet metrics", meaning: "what Prometheus would see" },
    {
      command: "fleet metrics --output /var/lib/prometheus/node-exporter/fleet.prom",
      meaning: "for node_exporter, from a timer",
    },
  ],
  load: () => import("../verbs/metrics.ts"),
};
