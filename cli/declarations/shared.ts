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
