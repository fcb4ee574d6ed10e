import { z } from "zod";

/** Agents' names become tmux sessions, unit instances and file names, so nothing else is allowed in them. */
export const AGENT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;

const agentName = z
  .string()
  .regex(AGENT_NAME, "a name of letters, digits, _ and - (64 at most, not beginning with -)");
// Whatever is declared is shown on terminals and handed to programs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const PLAIN = /^[^\u0000-\u001f\u007f-\u009f]*$/;
const word = z
  .string()
  .min(1, "a text that is not empty")
  .max(256, "at most 256 characters")
  .regex(PLAIN, "text without control characters");
const socketName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, "a socket name of letters, digits, _ . and -");
const unitName = z
  .string()
  .regex(/^[A-Za-z0-9:_.\\@-]{1,240}\.service$/, "a systemd unit name that ends in .service");
const seconds = z
  .number("a number of seconds")
  .positive("a number of seconds above 0")
  .max(86_400, "at most 86400 seconds");
/** In YAML a bare `~` is null, and people mean their home by it: the contract's own example does. */
const directory = z
  .string()
  .max(4096, "at most 4096 characters")
  .regex(/^(?:~(?:$|\/)|\/)/, "an absolute path, or one that begins with ~/")
  .regex(PLAIN, "text without control characters")
  .nullable();
const beat = z.strictObject({ interval_seconds: seconds });

const agent = z.strictObject({
  name: agentName,
  runtime: word,
  class: word.optional(),
  persistent_persona: z.boolean().optional(),
  model_hint: word.optional(),
  reset_between_tasks: z.boolean().optional(),
  command: z
    .union([
      word.max(4096),
      z.array(z.string().max(4096).regex(PLAIN, "text without control characters")).min(1),
    ])
    .optional(),
  working_directory: directory.optional(),
  unit: unitName.optional(),
  drift: z.strictObject({ accept: z.array(word).max(64) }).optional(),
  heartbeat: z
    .union([z.literal("not-expected"), beat], "not-expected, or a mapping with interval_seconds")
    .optional(),
  lifecycle: z.enum(["always", "ephemeral"]).optional(),
});

/** roster.yaml, version 1. Strict: a misspelt key would otherwise be a wish that nobody grants. */
export const rosterSchema = z.strictObject({
  version: z.literal(1, "version 1"),
  tenant_id: word.optional(),
  transport: z.literal("tmux", "tmux").optional(),
  tmux: z
    .strictObject({
      socket_name: socketName.optional(),
      sockets: z.array(socketName).max(64).optional(),
      holder_session: agentName.optional(),
      holder_unit: unitName.optional(),
    })
    .optional(),
  heartbeat: beat.optional(),
  defaults: z.strictObject({ working_directory: directory.optional() }).optional(),
  runtimes: z.record(word, z.strictObject({ reset_command: word.optional() })).optional(),
  agents: z.array(agent).max(10_000, "at most 10000 agents"),
});

export type RosterFile = z.infer<typeof rosterSchema>;
