import type { VerbDeclaration } from "../declaration.ts";
import { at, json, ofHost, ofTenant, since, until } from "./shared.ts";

/** Written out: whoever completes a line does not load what the verb asks. A test holds it to what the verb takes. */
const STATES = [
  ...["stopped", "finished", "failed", "absent", "dead", "stale", "silent", "starting"],
  ...["waiting", "busy", "healthy", "running", "unobserved"],
  ...["drifted", "started", "attached", "sent", "rebooted"],
];

export const when: VerbDeclaration = {
  name: "when",
  purpose: "remember",
  summary: "say when an agent went stale, died, drifted, was attached to",
  description: [
    "The last time that it was so, for how long, and how often in the window (a day, unless --since says otherwise). STATE is any status (stopped, finished, failed, absent, dead, stale, silent, starting, waiting, busy, healthy, running, unobserved), or drifted, started, attached, sent, rebooted.",
    "Moments are exact: staleness begins three intervals after the last beat, whether or not anything ran at that moment. That it never happened is said only of the time in which it could not have gone unseen.",
  ],
  arguments: [
    { name: "NAME", required: true, variadic: false, description: "the agent", completion: "agents" },
    {
      name: "STATE",
      required: true,
      variadic: false,
      description: "a status, or what happened",
      completion: { choices: STATES },
    },
  ],
  options: [
    { name: "first", description: "the first time in the window" },
    { name: "last", description: "the last time in the window (the default)" },
    { name: "all", short: "a", description: "every time in the window, oldest first" },
    since,
    until,
    at,
    ofTenant,
    ofHost,
    json,
  ],
  examples: [
    { command: "fleet when coder0 stale", meaning: "when did coder0 last go stale" },
    { command: "fleet when coder0 dead --all --since 30d", meaning: "every death of a month" },
    { command: "fleet when coder0 attached --at 'yesterday 03:00'", meaning: "who looked, as of then" },
  ],
  exits: [[3, "it never happened in the window, or no such agent"]],
  load: () => import("../verbs/when.ts"),
};
