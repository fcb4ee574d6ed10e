import type { VerbDeclaration } from "../declaration.ts";
import {
  agentName,
  asRecorded,
  at,
  json,
  noCollect,
  ofAgent,
  ofClass,
  ofHost,
  ofRuntime,
  ofTenant,
} from "./shared.ts";

export const ps: VerbDeclaration = {
  name: "ps",
  purpose: "look",
  summary: "show every agent: unit, pane, heartbeat, runtime, idle time, boot",
  description: [
    "One line for each agent on the roster, judged now: its status, and what each plane (systemd, tmux, heartbeat, process) says of it. What did not answer is shown as ? with the age of its last answer, never as dead. Below the table: who watched, and every source that is not fresh.",
    "With a recorder running this only reads the log. Without one it looks once at everything, adds what it saw to the log, and says so; not to a log that was imported, or copied here, from another host.",
    "With --at it is the table of a past moment, by all the evidence known now, spooled hooks and journal lines that arrived later included; with --as-recorded it is what this log knew then, which is what ps would have said. What nobody watched is ?, then as now.",
  ],
  arguments: [{ ...agentName, description: "show these agents only" }],
  options: [
    { name: "all", short: "a", description: "also sessions that no roster names" },
    {
      name: "watch",
      short: "w",
      description: "keep showing it; redrawn when something changes (q or Ctrl-C ends)",
    },
    { name: "probe", description: "ask each agent for a beat now, and say who answered and how fast" },
    {
      name: "wait",
      value: { name: "MS", kind: "count" },
      description: "with --probe: how long to wait for answers (2000)",
    },
    { name: "check", description: "exit by the worst status, after the Nagios convention" },
    ofAgent,
    ofClass,
    ofRuntime,
    at,
    asRecorded,
    ofTenant,
    ofHost,
    noCollect,
    json,
  ],
  examples: [
    { command: "fleet ps", meaning: "everything on the roster" },
    { command: "fleet ps coder0 reviewer", meaning: "two agents" },
    { command: "fleet ps --watch", meaning: "a live table" },
    { command: "fleet ps --probe", meaning: "who answers right now" },
    { command: "fleet ps --at 'yesterday 22:30'", meaning: "the table as it was" },
    { command: "fleet ps --check", meaning: "for a monitoring system" },
    {
      command: "fleet ps --json | jq '.agents[] | select(.status != \"healthy\")'",
      meaning: "for a script",
    },
  ],
  exits: [
    [0, "with --check: every agent is well, or was meant to end"],
    [1, "with --check: warning (silent, absent, drift, boot gap)"],
    [2, "with --check: critical (failed, dead, stale)"],
    [3, "with --check: unknown (unobserved, or no rows to check)"],
  ],
  load: () => import("../verbs/ps.ts"),
};
