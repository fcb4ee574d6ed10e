import type { ArgumentDeclaration, OptionDeclaration } from "../declaration.ts";

/** Words that several verbs understand, and mean the same by. */

export const json: OptionDeclaration = { name: "json", description: "print JSON instead of a table" };
export const jsonLines: OptionDeclaration = { name: "json", description: "print one JSON object per line" };
export const noCollect: OptionDeclaration = {
  name: "no-collect",
  description: "without a recorder, do not look now: answer from the log alone",
};
export const agentName: Omit<ArgumentDeclaration, "description"> = {
  name: "NAME",
  required: false,
  variadic: true,
  completion: "agents",
};

/** The moment that an answer is given for; every verb that reads has it. */
export const at: OptionDeclaration = {
  name: "at",
  value: { name: "TIME", kind: "time" },
  description: "as it was at this moment, by all the evidence known now",
};
export const asRecorded: OptionDeclaration = {
  name: "as-recorded",
  value: { name: "TIME", kind: "time" },
  description: "as this log knew it at this moment: what was written later does not count",
};
export const since: OptionDeclaration = {
  name: "since",
  value: { name: "TIME", kind: "time" },
  description: "from this moment on (default: one day before the end)",
};
export const until: OptionDeclaration = {
  name: "until",
  value: { name: "TIME", kind: "time" },
  description: "up to this moment (default: now, or --at)",
};
export const ofClass: OptionDeclaration = {
  name: "class",
  value: { name: "CLASS", kind: "text" },
  repeatable: true,
  description: "only agents of this class",
};
export const ofRuntime: OptionDeclaration = {
  name: "runtime",
  value: { name: "RUNTIME", kind: "text" },
  repeatable: true,
  description: "only agents of this declared runtime",
};
export const ofAgent: OptionDeclaration = {
  name: "agent",
  value: { name: "NAME", kind: "text" },
  repeatable: true,
  description: "only this agent",
};
/** Whose past: a log may hold several hosts. */
export const ofTenant: OptionDeclaration = {
  name: "tenant",
  value: { name: "TENANT", kind: "text" },
  description: "of this tenant (default: the log's own)",
};
export const ofHost: OptionDeclaration = {
  name: "host",
  value: { name: "HOST", kind: "text" },
  description: "of this host (default: the log's own)",
};
/** What every question about a stretch of time understands. */
export const aboutAWindow: readonly OptionDeclaration[] = [
  since,
  until,
  at,
  ofAgent,
  ofClass,
  ofRuntime,
  ofTenant,
  ofHost,
  json,
];
/** For verbs that act: on whom is always said. */
export const oneOrMoreAgents: Omit<ArgumentDeclaration, "description"> = { ...agentName, required: true };
export const startTimeout: OptionDeclaration = {
  name: "timeout",
  short: "t",
  value: { name: "SECONDS", kind: "count" },
  description: "stop waiting for a sign of life after this long (10)",
};
