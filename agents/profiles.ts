/** The fleets that people begin with: rosters to be edited. `{model}` and commands are for whoever knows their accounts. */
export const PROFILES = ["coding", "general", "hybrid", "research"] as const;
export type Profile = (typeof PROFILES)[number];

interface Member {
  readonly name: string;
  readonly runtime: string;
  readonly class: string;
  readonly more: string;
}

const persona = (name: string, runtime: string): Member => ({
  name,
  runtime,
  class: "orchestrator",
  more: "persistent_persona: true",
});
const worker = (name: string, runtime: string, role: string): Member => ({
  name,
  runtime,
  class: role,
  more: "reset_between_tasks: true",
});

const members: Readonly<Record<Profile, readonly Member[]>> = {
  coding: [
    persona("orchestrator", "claude"),
    worker("coder0", "pi", "implementer"),
    worker("coder1", "pi", "implementer"),
    worker("reviewer", "codex", "reviewer"),
  ],
  general: [persona("orchestrator", "claude"), worker("assistant0", "claude", "assistant")],
  hybrid: [
    persona("orchestrator", "claude"),
    worker("coder0", "pi", "implementer"),
    worker("researcher0", "claude", "researcher"),
    worker("reviewer", "codex", "reviewer"),
  ],
  research: [
    persona("orchestrator", "claude"),
    worker("researcher0", "claude", "researcher"),
    worker("researcher1", "opencode", "researcher"),
    worker("analyst", "codex", "analyst"),
  ],
};

/** pi is started by the launcher's recipe, which wants a model. */
const PI_MODEL = "openai-codex/gpt-5.5:high";

/** The text of a new roster.yaml. */
export function profileRoster(profile: Profile): string {
  const width = Math.max(...members[profile].map(({ name }) => name.length));
  const agents = members[profile].map(({ name, runtime, class: role, more }) => {
    const model = runtime === "pi" ? `, model_hint: ${JSON.stringify(PI_MODEL)}` : "";
    return `  - { name: ${name},${" ".repeat(width - name.length)} runtime: ${runtime}, class: ${role}, ${more}${model} }`;
  });
  return `# The ${profile} profile, made by \`fleet init\`. It is yours: edit it, then run \`fleet init\` again, which writes what follows
# from it. Every key is explained in docs/operating.md of fleet.
version: 1
transport: tmux
tmux: { socket_name: mosaic-factory, holder_session: _holder }
defaults: { working_directory: ~ }
runtimes: { claude: { reset_command: /clear }, codex: { reset_command: /new }, opencode: { reset_command: /new }, pi: { reset_command: /new } }
agents:
${agents.join("\n")}
`;
}
