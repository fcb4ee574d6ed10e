/** A span that the mirror sends. The test of this list holds every span of a story to it. */
export interface SpanEntry {
  /** `NAME` and `STATUS` stand for what varies. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly kind: "internal" | "producer";
  readonly parent: string;
  readonly from: string;
  readonly to: string;
  readonly error: string;
  readonly attributes: readonly string[];
}

const SUBJECT = ["gen_ai.agent.name", "fleet.agent.class", "fleet.agent.runtime"];
const REVISED = ["fleet.revision", "fleet.withdrawn"];

export const spans: readonly SpanEntry[] = [
  {
    name: "agent.session NAME",
    pattern: /^agent\.session /,
    kind: "internal",
    parent: "none: the root of one life of an agent on one UTC day",
    from: "the beginning of the life or of the day",
    to: "the same moment",
    error: "never",
    attributes: [...SUBJECT, "fleet.session.day", "fleet.session.part"],
  },
  {
    name: "health STATUS",
    pattern: /^health /,
    kind: "internal",
    parent: "agent.session",
    from: "when the status began, or the day, or the life",
    to: "when it ended, or the day, or the life",
    error: "failed, dead",
    attributes: [
      ...SUBJECT,
      "fleet.health.state",
      "fleet.health.reason",
      "fleet.rules.version",
      "fleet.evidence.seqs",
      ...REVISED,
    ],
  },
  {
    name: "restart",
    pattern: /^restart$/,
    kind: "internal",
    parent: "agent.session of the new life",
    from: "when the life before was first seen to be down",
    to: "when the new life began",
    error: "never",
    attributes: [...SUBJECT, "fleet.incarnation.previous", "fleet.restart.after", ...REVISED],
  },
  {
    name: "drift",
    pattern: /^drift$/,
    kind: "internal",
    parent: "agent.session",
    from: "when what runs began to be another program than the roster names, or the day, or the life",
    to: "when that ended",
    error: "never",
    attributes: [...SUBJECT, "fleet.drift.actual", "fleet.evidence.seqs", ...REVISED],
  },
  {
    name: "boot gap",
    pattern: /^boot gap$/,
    kind: "internal",
    parent: "agent.session",
    from: "when a reboot would no longer have brought it back, or the day, or the life",
    to: "when it would have again",
    error: "never",
    attributes: [...SUBJECT, "fleet.boot_gap.reasons", ...REVISED],
  },
  {
    name: "heartbeat STATUS",
    pattern: /^heartbeat /,
    kind: "internal",
    parent: "agent.session; only with --heartbeat-spans",
    from: "the first beat of a run of one status",
    to: "the last one",
    error: "never",
    attributes: [...SUBJECT, "fleet.heartbeat.status", "fleet.heartbeat.beats"],
  },
  {
    name: "send NAME",
    pattern: /^send /,
    kind: "producer",
    parent: "the caller's span where one was given, else none: each message is a small trace",
    from: "when it was asked for",
    to: "its verdict",
    error: "unverifiable, refused, unfinished",
    attributes: [
      ...SUBJECT,
      "fleet.message.id",
      "fleet.message.bytes",
      "fleet.message.user",
      "fleet.message.verdict",
      "error.type",
      "fleet.revision",
    ],
  },
  {
    name: "posted, typed, submitted, verdict VERDICT",
    pattern: /^(posted|typed|submitted|verdict \w+)$/,
    kind: "internal",
    parent: "send",
    from: "the step before",
    to: "the step",
    error: "never",
    attributes: [...SUBJECT, "fleet.message.id", "fleet.revision"],
  },
];

export const attributeMeanings: Readonly<Record<string, string>> = {
  "gen_ai.agent.name": "the agent, as the roster and its tmux session call it",
  "fleet.agent.class": "its class on the roster",
  "fleet.agent.runtime": "the runtime that the roster names; absent where it names none",
  "fleet.session.day": "the UTC day of the trace",
  "fleet.session.part": "from 1 on: a further trace of the day, when 5,000 spans were in the one before",
  "fleet.health.state": "a status of `fleet ps`",
  "fleet.health.reason": "its reason, where it has one",
  "fleet.rules.version": "the version of the rules that judged",
  "fleet.evidence.seqs": "the events that it stands on: `fleet events --after SEQ-1 --limit 1`",
  "fleet.revision":
    "of one agent, name and start the highest holds; later ones are linked to the first (`fleet.link` = `first-revision`)",
  "fleet.withdrawn": "true: what earlier revisions said is not so",
  "fleet.incarnation.previous": "the life before",
  "fleet.restart.after": "the statuses that the new life ended",
  "fleet.drift.actual": "the program that runs",
  "fleet.boot_gap.reasons": "as in the BOOT column",
  "fleet.heartbeat.status": "the status that the beats gave",
  "fleet.heartbeat.beats": "how many of them",
  "fleet.message.id": "as in `fleet messages`",
  "fleet.message.bytes": "the length of its text, which is not told",
  "fleet.message.user": "who sent it",
  "fleet.message.verdict": "accepted, draft, unverifiable, refused; unfinished: its sender ended without one",
  "error.type": "the verdict, where it is an error",
};

export const resourceMeanings: Readonly<Record<string, string>> = {
  "service.name": "`fleet-agent`",
  "service.namespace": "the tenant",
  "service.instance.id": "`HOST/AGENT/INCARNATION`",
  "host.name": "the host",
  "host.id": "its /etc/machine-id; absent for a log that is mirrored on another machine",
  "gen_ai.agent.name": "the agent",
  "fleet.tenant_id": "the tenant",
  "fleet.log_id": "the log",
  "fleet.incarnation": "the life (boot id, pane pid, its start); absent where none was seen",
};
