import { z } from "zod";
import { boundedText, count, shortText } from "./text.ts";

/** What the roster says of one agent, with every default resolved at the moment it was read: readers never consult the environment. */
const declaration = z.strictObject({
  role: z.enum(["agent", "holder"]),
  runtime: shortText.nullable(),
  class: shortText,
  unit: shortText,
  /** Name of the tmux socket (`tmux -L NAME`). */
  socketName: shortText,
  /** Agent > roster > recorder's environment > 15. */
  intervalSeconds: z.number().positive(),
  heartbeat: z.enum(["expected", "not-expected"]),
  lifecycle: z.enum(["always", "ephemeral"]),
  driftAccept: z.array(shortText).max(64),
  persistentPersona: z.boolean(),
  resetBetweenTasks: z.boolean(),
  modelHint: boundedText.nullable(),
});

export const rosterEvents = {
  "roster.agent.declared": declaration,
  "roster.agent.changed": declaration,
  "roster.agent.removed": z.strictObject({}),
  /** The file now in force. `digest` is sha256 of its bytes. */
  "roster.file.accepted": z.strictObject({ path: boundedText, digest: shortText, agents: count }),
  /** The file is refused; the last good roster stays in force. */
  "roster.file.rejected": z.strictObject({
    path: boundedText,
    digest: shortText,
    line: count.nullable(),
    value: boundedText.nullable(),
    expected: boundedText,
  }),
  "roster.file.missing": z.strictObject({ path: boundedText }),
} as const;
