import { SOURCES } from "../../store/events/envelope.ts";
import type { VerbDeclaration } from "../declaration.ts";
import { at, jsonLines, ofAgent, ofClass, ofHost, ofRuntime, ofTenant } from "./shared.ts";

export const events: VerbDeclaration = {
  name: "events",
  purpose: "remember",
  summary: "list and follow the log",
  description: [
    "The events of the log, oldest first: the newest 50 that match, or all that match from --since or --after on. Times are ISO 8601 (2026-06-21T03:10Z, local time without an offset), how long ago in w, d, h, min (or m), s and ms (2h, 1d12h, 500ms), a clock time (14:00, yesterday 14:00) or an event (#1234).",
    "A time is compared with when the event happened, by its source's clock; the order is the log's. --class and --runtime go by what an agent was declared as when it happened.",
  ],
  arguments: [],
  options: [
    { name: "follow", short: "f", description: "then print new events as they are written (Ctrl-C ends)" },
    { ...ofAgent, description: "only events of this agent" },
    ofClass,
    ofRuntime,
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
      ...at,
      description: "the events up to this moment; relative times count from it",
    },
    {
      name: "after",
      value: { name: "SEQ", kind: "text" },
      description: "only events after this place in the log",
    },
    {
      name: "limit",
      short: "n",
      value: { name: "COUNT", kind: "count" },
      description: "at most this many: the newest, with --after the first (then not with --follow)",
    },
    { name: "reverse", short: "r", description: "newest first" },
    { ...ofTenant, description: "only events of this tenant" },
    { ...ofHost, description: "only events of this host" },
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
    { command: "fleet events --after '#1234' --follow --json", meaning: "resume where a script stopped" },
  ],
  load: () => import("../verbs/events.ts"),
};
