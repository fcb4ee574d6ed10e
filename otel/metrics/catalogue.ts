/** One instrument, under its OpenTelemetry name; `prometheusName` says how Prometheus calls it. */
export interface Instrument {
  readonly name: string;
  readonly kind: "gauge" | "counter";
  /** UCUM, as OpenTelemetry asks for: `s`, `By`, `1`, `{event}`. */
  readonly unit: string;
  readonly description: string;
  /** Attributes beside `tenant_id` and `host`, which every measurement carries. */
  readonly attributes: readonly string[];
}

const AGENT = ["agent", "class", "runtime"] as const;

/**
 * Every metric there is. What is unknown has no measurement: a missing series is honest, a zero would be a claim.
 */
export const instruments = {
  build: gauge("fleet.build.info", "1", "Always 1; the version of fleet that answered.", ["version"]),
  status: gauge(
    "fleet.agent.status",
    "1",
    "1 for the status that the agent has by the verdict of `fleet ps`, 0 for every other.",
    [...AGENT, "status"],
  ),
  statusSince: gauge(
    "fleet.agent.status.start_time",
    "s",
    "When the status began, in seconds since the epoch; absent where that is not known.",
    AGENT,
  ),
  beatAge: gauge(
    "fleet.agent.heartbeat.age",
    "s",
    "Age of the newest heartbeat that was read; absent where there is none.",
    AGENT,
  ),
  beatInterval: gauge(
    "fleet.agent.heartbeat.interval",
    "s",
    "The interval in which the agent is expected to beat; stale after three of them.",
    AGENT,
  ),
  idle: gauge("fleet.agent.idle", "s", "Time since the last output of the agent's pane.", AGENT),
  drift: gauge(
    "fleet.agent.drift",
    "1",
    "1: what runs is not the runtime that the roster names; 0: it is; absent where that is not known.",
    AGENT,
  ),
  bootGap: gauge(
    "fleet.agent.boot_gap",
    "1",
    "1: it runs now and would not come back after a reboot; 0: it would; absent where that is not known.",
    AGENT,
  ),
  restarts: counter(
    "fleet.agent.restarts",
    "{restart}",
    "Lives of the agent's own pane after the first, over the whole log.",
    AGENT,
  ),
  messages: counter(
    "fleet.messages",
    "{verdict}",
    "Verdicts on messages that were sent, over the whole log.",
    ["agent", "verdict"],
  ),
  mirrorLagEvents: gauge(
    "fleet.mirror.lag.events",
    "{event}",
    "Events that the mirror has not yet weighed; absent where none has run.",
    [],
  ),
  mirrorLag: gauge(
    "fleet.mirror.lag",
    "s",
    "Since the end of the oldest span that no receiver has answered for; 0 where nothing waits.",
    [],
  ),
  mirrorSent: counter("fleet.mirror.spans.sent", "{span}", "Spans that the receiver took.", []),
  mirrorRejected: counter(
    "fleet.mirror.spans.rejected",
    "{span}",
    "Spans that the receiver said it did not take (partial success).",
    [],
  ),
  mirrorDead: counter(
    "fleet.mirror.dead_letters",
    "{span}",
    "Spans that the receiver refused for good, kept with its reason.",
    [],
  ),
  recorderUp: gauge("fleet.recorder.up", "1", "1: a live recorder holds the log; 0: none does.", []),
  recorderLag: gauge(
    "fleet.recorder.lag",
    "s",
    "Since the recorder last proved that it lives; it does so once a second.",
    [],
  ),
  sourceUp: gauge(
    "fleet.source.up",
    "1",
    "1: the source answers; 0: it does not, or nobody watches it. What it tells of is unknown then.",
    ["source", "scope"],
  ),
  sourceAge: gauge("fleet.source.age", "s", "Since the source last answered.", ["source", "scope"]),
  logEvents: counter("fleet.log.events", "{event}", "Events in the log: the place of the newest one.", []),
  logSize: gauge("fleet.log.size", "By", "The log on disk, with what SQLite has not yet merged.", []),
} as const satisfies Record<string, Instrument>;

function gauge(name: string, unit: string, description: string, attributes: readonly string[]): Instrument {
  return { name, kind: "gauge", unit, description, attributes };
}

function counter(name: string, unit: string, description: string, attributes: readonly string[]): Instrument {
  return { name, kind: "counter", unit, description, attributes };
}

const UNIT_WORDS: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

/** The name in Prometheus, by the rules of OpenTelemetry's own translation: underscores, the unit, `_total` for counters. */
export function prometheusName({ name, kind, unit }: Instrument): string {
  const words = name.replaceAll(".", "_") + (UNIT_WORDS[unit] ?? "");
  return kind === "counter" ? `${words}_total` : words;
}
