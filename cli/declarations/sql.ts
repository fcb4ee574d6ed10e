import type { VerbDeclaration } from "../declaration.ts";
import { at, json } from "./shared.ts";

export const sql: VerbDeclaration = {
  name: "sql",
  purpose: "remember",
  summary: "ask the log a question of your own, in SQL",
  description: [
    "Runs one SELECT over views that stay as they are: agents (the table of now), intervals (every verdict over time), messages (the ledger), events (the log). Without a query it lists them and their columns; docs/sql.md explains each. With --at they are as of that moment. SQLite's own functions can be used, JSON functions for payloads among them.",
    "Nothing can be written this way. A query that takes too long is ended, and an answer that is cut off says so and ends with 1.",
  ],
  arguments: [
    {
      name: "QUERY",
      required: false,
      variadic: false,
      description: "the SELECT, as one word; - reads it from standard input",
    },
  ],
  options: [
    at,
    { name: "csv", description: "print CSV instead of a table" },
    {
      name: "limit",
      short: "n",
      value: { name: "ROWS", kind: "count" },
      description: "at most so many rows (default 10000; 0: all)",
    },
    {
      name: "timeout",
      value: { name: "SECONDS", kind: "count" },
      description: "end the query after so long (default 30; 0: never)",
    },
    json,
    {
      name: "parent",
      value: { name: "PID", kind: "count" },
      description: "with --in-this-process: end when this process is no longer the parent",
      hidden: true,
    },
    { name: "in-this-process", description: "run the query here, with nobody to end it", hidden: true },
  ],
  examples: [
    { command: "fleet sql 'SELECT name, status, since FROM agents'", meaning: "the table of now" },
    {
      command: "fleet sql --at 'yesterday 22:00' 'SELECT status, count(*) FROM agents GROUP BY 1'",
      meaning: "how many were well then",
    },
    {
      command:
        "fleet sql \"SELECT agent, count(*) AS deaths FROM events WHERE type = 'tmux.pane.died' GROUP BY agent\"",
      meaning: "who dies most often",
    },
    {
      command: "fleet sql --csv \"SELECT * FROM events WHERE occurred_at >= '2026-06-01'\" > june.csv",
      meaning: "for a spreadsheet",
    },
  ],
  exits: [[1, "failed, ended by --timeout, or cut off by --limit"]],
  load: () => import("../verbs/sql.ts"),
};
