import type { GroupDeclaration, VerbDeclaration } from "../../../cli/declaration.ts";

function verb(name: string, more: Partial<VerbDeclaration> = {}): VerbDeclaration {
  return {
    name,
    purpose: "act",
    summary: `do ${name}`,
    description: [`It does ${name}.`],
    arguments: [],
    options: [],
    examples: [{ command: `fleet ${name}`, meaning: "an example" }],
    load: async () => ({ run: async () => 0 }),
    ...more,
  };
}

const agent = {
  name: "NAME",
  required: true,
  variadic: false,
  description: "the agent",
  completion: "agents",
} as const;

/** A small catalogue with every shape of name: a group, a verb that is a group's word too, and a verb of two names. */
export const grouped: { verbs: readonly VerbDeclaration[]; groups: readonly GroupDeclaration[] } = {
  verbs: [
    verb("mirror", {
      options: [{ name: "from", value: { name: "TIME", kind: "time" }, description: "since then" }],
    }),
    verb("mirror status", { options: [{ name: "json", description: "as JSON" }] }),
    verb("watch", {
      also: ["agent watch"],
      arguments: [agent],
      options: [{ name: "every", description: "all of them" }],
    }),
    verb("agent start", { arguments: [agent] }),
  ],
  groups: [
    { name: "agent", summary: "act on one agent" },
    { name: "mirror", summary: "copy spans outward" },
  ],
};
