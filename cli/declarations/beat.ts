import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const beat: VerbDeclaration = {
  name: "beat",
  purpose: "act",
  summary: "write an agent's heartbeat, once, in a loop, or as a sidecar",
  description: [
    "Writes NAME.hb, heartbeat protocol v1. Without --loop one beat, on behalf of the program that runs this command (or of --pid). With --loop a beat each interval and an answer to each probe at once, until that program ends: it must not be vouched for when it is gone.",
    "--sidecar beats for a program that cannot do it by itself, and marks it: a sidecar proves that the process exists, not that the agent works. It ends with the process of --pid or --pane.",
    "The interval is that of --interval, else of the roster, else of MOSAIC_HEARTBEAT_INTERVAL, else 15 seconds.",
  ],
  arguments: [
    { name: "NAME", required: true, variadic: false, description: "the agent", completion: "agents" },
  ],
  options: [
    {
      name: "status",
      value: { name: "STATUS", kind: "choice", choices: ["ok", "busy", "waiting", "unknown"] },
      description: "what the agent does (ok when not given)",
    },
    { name: "loop", description: "go on beating and answering probes" },
    {
      name: "stdin",
      description: "with --loop: each line of standard input is the new status; its end is the agent's end",
    },
    {
      name: "interval",
      value: { name: "SECONDS", kind: "text" },
      description: "seconds between beats",
    },
    {
      name: "pid",
      value: { name: "PID", kind: "count" },
      description: "the agent's process (that which runs this command when not given)",
    },
    { name: "sidecar", description: "beat for a process that cannot, until it ends" },
    {
      name: "pane",
      value: { name: "PANE", kind: "text" },
      description: "with --sidecar: the process of this tmux pane (%3)",
    },
    {
      name: "socket",
      value: { name: "NAME", kind: "text" },
      description: "with --pane: the tmux socket, when it is not the fleet's",
    },
    {
      name: "task",
      value: { name: "TEXT", kind: "text" },
      description: "what it works on; one word of the beat",
    },
    { name: "model", value: { name: "TEXT", kind: "text" }, description: "the model that answers" },
    { ...json, description: "print what was written as JSON, one object per line" },
  ],
  examples: [
    { command: "fleet beat coder0 --status busy", meaning: "one beat, from a script's loop" },
    { command: "fleet beat coder0 --loop &", meaning: "beside a script, for as long as it lives" },
    {
      command: "my-agent | fleet beat coder0 --loop --stdin",
      meaning: "the agent prints `busy`, `ok`, `waiting` as it goes",
    },
    {
      command: "fleet beat coder0 --sidecar --pane %3",
      meaning: "for a runtime that cannot beat",
    },
  ],
  exits: [[1, "also when the process that was vouched for was not there"]],
  load: () => import("../verbs/beat.ts"),
};
