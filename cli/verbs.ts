import { SOURCES } from "../store/events/envelope.ts";
import type { OptionDeclaration, VerbDeclaration } from "./declaration.ts";

const json: OptionDeclaration = { name: "json", description: "print JSON instead of a table" };
const jsonLines: OptionDeclaration = { name: "json", description: "print one JSON object per line" };
const noCollect: OptionDeclaration = {
  name: "no-collect",
  description: "without a recorder, do not look now: answer from the log alone",
};
const agentName = {
  name: "NAME",
  required: false,
  variadic: true,
  completion: "agents",
} as const;

/** Every verb there is, in the order in which help lists it. */
export const verbs: readonly VerbDeclaration[] = [
  {
    name: "ps",
    purpose: "look",
    summary: "show every agent: unit, pane, heartbeat, runtime, idle time, boot",
    description: [
      "One line for each agent on the roster, judged now: its status, and what each plane (systemd, tmux, heartbeat, process) says of it. What did not answer is shown as ? with the age of its last answer, never as dead. Below the table: who watched, and every source that is not fresh.",
      "With a recorder running this only reads the log. Without one it looks once at everything, adds what it saw to the log, and says so.",
    ],
    arguments: [{ ...agentName, description: "show these agents only" }],
    options: [
      { name: "all", short: "a", description: "also sessions that no roster names" },
      {
        name: "watch",
        short: "w",
        description: "keep showing it; redrawn when something changes (q or Ctrl-C ends)",
      },
      { name: "check", description: "exit by the worst status, after the Nagios convention" },
      {
        name: "class",
        value: { name: "CLASS", kind: "text" },
        repeatable: true,
        description: "only agents of this class",
      },
      {
        name: "runtime",
        value: { name: "RUNTIME", kind: "text" },
        repeatable: true,
        description: "only agents of this declared runtime",
      },
      noCollect,
      json,
    ],
    examples: [
      { command: "fleet ps", meaning: "everything on the roster" },
      { command: "fleet ps coder0 reviewer", meaning: "two agents" },
      { command: "fleet ps --watch", meaning: "a live table" },
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
    load: () => import("./verbs/ps.ts"),
  },
  {
    name: "why",
    purpose: "look",
    summary: "show the evidence behind one row of ps",
    description: [
      "The verdict in plain words: each rung of the ladder from the top down to the one that holds, and why. Then each cell of the row with its age, its source, and the events in the log that it rests on (#1234 is an event's place in the log).",
    ],
    arguments: [
      { name: "NAME", required: true, variadic: false, description: "the agent", completion: "agents" },
    ],
    options: [noCollect, json],
    examples: [{ command: "fleet why coder0", meaning: "why does ps say what it says of coder0" }],
    load: () => import("./verbs/why.ts"),
  },
  {
    name: "events",
    purpose: "remember",
    summary: "list and follow the log",
    description: [
      "The events of the log, oldest first: the newest 50 that match, or all that match from --since or --after on. Times are ISO 8601 (2026-06-21T03:10Z, local time without an offset), how long ago (2h, 1d12h), a clock time (14:00, yesterday 14:00) or an event (#1234).",
      "A time is compared with when the event happened, by its source's clock; the order is the log's.",
    ],
    arguments: [],
    options: [
      { name: "follow", short: "f", description: "then print new events as they are written (Ctrl-C ends)" },
      {
        name: "agent",
        value: { name: "NAME", kind: "text" },
        description: "only events of this agent",
      },
      {
        name: "type",
        value: { name: "TYPE", kind: "text" },
        repeatable: true,
        description: "only this type; a family with a dot at its end: tmux.pane.",
      },
      {
        name: "source",
        value: { name: "SOURCE", kind: "choice", choices: SOURCES },
        description: "only what this collector stated",
      },
      { name: "since", value: { name: "TIME", kind: "time" }, description: "from this moment on" },
      { name: "until", value: { name: "TIME", kind: "time" }, description: "up to this moment" },
      {
        name: "after",
        value: { name: "SEQ", kind: "text" },
        description: "only events after this place in the log",
      },
      {
        name: "limit",
        short: "n",
        value: { name: "COUNT", kind: "count" },
        description: "at most this many: the newest, with --after the first",
      },
      { name: "reverse", short: "r", description: "newest first" },
      jsonLines,
    ],
    examples: [
      {
        command: "fleet events --agent coder0 --since 'yesterday 14:00'",
        meaning: "what happened to coder0",
      },
      {
        command: "fleet events --type tmux.pane. --type systemd. --follow",
        meaning: "panes and units, live",
      },
      { command: "fleet events --after '#1234' --json", meaning: "resume where a script stopped" },
    ],
    load: () => import("./verbs/events.ts"),
  },
  {
    name: "record",
    purpose: "set up",
    summary: "run the recorder in the foreground",
    description: [
      "Watches tmux, systemd, the journal, heartbeats, processes and the roster, and writes every change to the log, until it is ended by SIGTERM or Ctrl-C. One runs per state directory; a second one says who holds it. A source that cannot be watched is reported and retried; it never stops the others.",
      "It installs hooks on the tmux sockets that the roster names. They stay when the recorder ends, so that it can catch up at its next start; --uninstall removes them.",
    ],
    arguments: [],
    options: [
      { name: "uninstall", description: "remove our hooks from the tmux servers and end" },
      jsonLines,
    ],
    examples: [
      { command: "fleet record", meaning: "record until interrupted" },
      { command: "fleet record --uninstall", meaning: "leave no mark on any tmux server" },
    ],
    exits: [[130, "ended by Ctrl-C; SIGTERM ends it with 0"]],
    load: () => import("./verbs/record.ts"),
  },
  {
    name: "doctor",
    purpose: "set up",
    summary: "check the setup and say what to run",
    description: [
      "Looks at everything fleet needs on this host (Node, tmux, systemd, the journal, lingering, directories, the roster, the log, the recorder) and says for each what is wrong and what to do about it. Changes nothing.",
    ],
    arguments: [],
    options: [json],
    examples: [{ command: "fleet doctor", meaning: "what is wrong, and what to run" }],
    exits: [[1, "something must be repaired"]],
    load: () => import("./verbs/doctor.ts"),
  },
  {
    name: "completion",
    purpose: "set up",
    summary: "print the completion script of a shell",
    description: [
      "Completes verbs, options and the names of agents. Print it where your shell looks for such scripts.",
    ],
    arguments: [
      {
        name: "SHELL",
        required: false,
        variadic: false,
        description: "bash, zsh or fish",
        completion: { choices: ["bash", "zsh", "fish"] },
      },
    ],
    options: [{ name: "agents", description: "print the names of agents, one a line", hidden: true }],
    examples: [
      {
        command: "fleet completion bash > ~/.local/share/bash-completion/completions/fleet",
        meaning: "bash",
      },
      { command: "fleet completion zsh > ~/.zsh/completions/_fleet", meaning: "zsh" },
      { command: "fleet completion fish > ~/.config/fish/completions/fleet.fish", meaning: "fish" },
    ],
    load: () => import("./verbs/completion.ts"),
  },
  {
    name: "rebuild",
    purpose: "keep",
    summary: "fold the log anew into everything that is read from it",
    description: [
      "Drops every projection and folds it again from the events. The result is the same, unless a projection was damaged or made by another version. Events are never touched, and the recorder may go on.",
    ],
    arguments: [],
    options: [json],
    examples: [{ command: "fleet rebuild", meaning: "when ps looks wrong and the log is right" }],
    load: () => import("./verbs/rebuild.ts"),
  },
];

/** Options of the program itself. */
export const programOptions: readonly OptionDeclaration[] = [
  { name: "help", short: "h", description: "show help; `fleet VERB --help` for a verb" },
  { name: "version", short: "V", description: "print the version" },
];
