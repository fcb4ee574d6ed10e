import type { VerbDeclaration } from "../declaration.ts";
import { json, ofAgent, ofHost, ofTenant } from "./shared.ts";

export const exportVerb: VerbDeclaration = {
  name: "export",
  purpose: "keep",
  summary: "write events out, as NDJSON or CSV",
  description: [
    "Every event, or those that are selected, in the order of the log: one JSON object a line, or CSV. All clocks are exact to the microsecond, and a payload is what was written, letter for letter. `fleet import` takes the NDJSON in again.",
    "What is in the log when it begins is exported; the recorder may go on. Memory stays flat however long the log is.",
  ],
  arguments: [],
  options: [
    {
      name: "format",
      value: { name: "FORMAT", kind: "choice", choices: ["ndjson", "csv"] },
      description: "ndjson (default) or csv",
    },
    {
      name: "output",
      short: "o",
      value: { name: "FILE", kind: "text" },
      description: "into this file, which appears when it is whole, readable by you alone",
    },
    { name: "since", value: { name: "TIME", kind: "time" }, description: "from this moment on" },
    { name: "until", value: { name: "TIME", kind: "time" }, description: "up to this moment" },
    { ...ofAgent, description: "only events of this agent" },
    {
      name: "type",
      value: { name: "TYPE", kind: "text" },
      repeatable: true,
      description: "only this type; a family with a dot at its end: tmux.pane.",
    },
    { ...ofTenant, description: "only events of this tenant" },
    { ...ofHost, description: "only events of this host" },
    { ...json, description: "with --output: say as JSON what was written" },
  ],
  examples: [
    { command: "fleet export --output fleet.ndjson", meaning: "all there is" },
    {
      command: "fleet export --format csv --type tmux.pane.died --since 30d > deaths.csv",
      meaning: "for a spreadsheet",
    },
    {
      command: "fleet export --since yesterday | jq 'select(.agent == \"coder0\")'",
      meaning: "for a script",
    },
  ],
  load: () => import("../verbs/export.ts"),
};
