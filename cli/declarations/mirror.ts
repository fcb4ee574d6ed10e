import type { VerbDeclaration } from "../declaration.ts";
import { json, jsonLines } from "./shared.ts";

export const mirror: VerbDeclaration = {
  name: "mirror",
  purpose: "keep",
  summary: "send the log as traces to Jaeger, Tempo or any OTLP receiver",
  description: [
    "Makes spans of what the log tells (each agent's life, its good and bad intervals, restarts, drift, boot gaps, messages) and delivers them over OTLP/HTTP to where the standard OTEL_EXPORTER_OTLP_* variables say, http://localhost:4318 without them. It goes on until it is ended, and takes up where it stopped: nothing is lost while a receiver is away, and a repeat is the same bytes.",
    "Only what is settled is told: what ended over a minute ago and before what every source has caught up with. A later correction is another revision of the span. One mirror runs per state directory; `fleet record --mirror` runs it beside the recorder.",
  ],
  arguments: [],
  options: [
    {
      name: "from",
      value: { name: "TIME", kind: "time" },
      description:
        "send once more what ended since then (a receiver that lost it); at a first start: leave out what is older",
    },
    { name: "once", description: "end when everything that is settled has been answered for" },
    { name: "heartbeat-spans", description: "also a span for each run of heartbeats of one status" },
    { name: "while-stdin", description: "end when standard input does", hidden: true },
    jsonLines,
  ],
  examples: [
    {
      command: "OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4318 fleet mirror",
      meaning: "mirror until interrupted",
    },
    { command: "fleet mirror --from 3d --once", meaning: "fill in three days that the receiver lost" },
  ],
  exits: [[130, "ended by Ctrl-C; SIGTERM ends it with 0"]],
  load: () => import("../verbs/mirror.ts"),
};

export const mirrorStatus: VerbDeclaration = {
  name: "mirror status",
  purpose: "keep",
  summary: "how far the mirror is, and what no receiver would take",
  description: [
    "Lag in events and in seconds, spans sent and rejected, dead letters with the reason that the receiver gave, the last error. Reads only.",
  ],
  arguments: [],
  options: [json],
  examples: [{ command: "fleet mirror status", meaning: "is everything told?" }],
  exits: [[1, "spans are waiting and the receiver does not take them"]],
  load: () => import("../verbs/mirror-status.ts"),
};
