import type { VerbDeclaration } from "../declaration.ts";
import { jsonLines } from "./shared.ts";

export const record: VerbDeclaration = {
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
    {
      name: "metrics",
      value: { name: "ADDRESS", kind: "text" },
      description: "also serve /metrics for Prometheus: a port on loopback (9464), or ADDRESS:PORT",
    },
    {
      name: "mirror",
      description: "also run `fleet mirror` beside it, in a process of its own (FLEET_MIRROR=1)",
    },
    jsonLines,
  ],
  examples: [
    { command: "fleet record", meaning: "record until interrupted" },
    { command: "fleet record --metrics 9464", meaning: "and let Prometheus ask it for numbers" },
    { command: "fleet record --uninstall", meaning: "leave no mark on any tmux server" },
  ],
  exits: [[130, "ended by Ctrl-C; SIGTERM ends it with 0"]],
  load: () => import("../verbs/record.ts"),
};
