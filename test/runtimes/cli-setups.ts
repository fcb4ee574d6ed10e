import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Runtime = "claude" | "codex" | "opencode" | "pi";

/** How one real CLI is set up for the mock model server and driven through its states. */
export interface CliSetup {
  readonly runtime: Runtime;
  readonly packages: readonly string[];
  readonly command: string;
  readonly environment: (port: number) => Record<string, string>;
  /** Writes the configuration of a user who has answered every first-run question. */
  readonly configure: (home: string, project: string, port: number) => void;
  /** On the screen when a paste works. */
  readonly ready: RegExp;
  readonly interrupt: readonly string[];
  /** What the model asks for so that the runtime asks its user. */
  readonly permission: Record<string, unknown>;
  readonly permissionScreen: RegExp;
  readonly approve: readonly string[];
  readonly deny: readonly string[];
  readonly asks: boolean;
  /** Statuses of the server after which the runtime tries again for long: its turn is then interrupted. */
  readonly retries: readonly number[];
  /** Keys that empty the input row. */
  readonly wipe: readonly string[];
  /** What a human does once so that hooks run at all. */
  readonly trustHooks?: { readonly screen: RegExp; readonly keys: readonly string[] };
  readonly sidecar?: true;
  /** The same with a server of its own beside its screen, to which messages are posted. */
  readonly serving?: string;
  /** What a message's trace context reaches through its adapter. */
  readonly traces?: readonly ("commands" | "requests")[];
}

/** What OpenCode would fetch for a plugin: offline it waits for that for a minute, with a blank screen. */
export const OPENCODE_PLUGIN = "@opencode-ai/plugin@1.18.33";

const BASH = { mode: "bash", command: "sleep 12; echo finished > out.txt", description: "Run the checks" };

export const cliSetups: readonly CliSetup[] = [
  {
    runtime: "claude",
    packages: ["@anthropic-ai/claude-code@2.1.329"],
    command: "claude --permission-mode default",
    environment: (port) => ({
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
      ANTHROPIC_AUTH_TOKEN: "dummy",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_MAX_RETRIES: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_ERROR_REPORTING: "1",
    }),
    configure(home, project) {
      const projects = { [project]: { hasTrustDialogAccepted: true } };
      write(join(home, ".claude.json"), JSON.stringify({ hasCompletedOnboarding: true, projects }));
    },
    ready: /^❯/m,
    interrupt: ["Escape"],
    permission: BASH,
    permissionScreen: /Do you want/,
    approve: ["Enter"],
    deny: ["Escape"],
    asks: true,
    retries: [],
    wipe: ["C-u"],
  },
  {
    runtime: "codex",
    packages: ["@openai/codex@0.169.0"],
    command: "codex --no-daemon -a on-request -s read-only",
    environment: () => ({ LOCAL_API_KEY: "dummy" }),
    configure(home, project, port) {
      write(
        join(home, ".codex", "config.toml"),
        `model = "gpt-5.1-codex"
model_provider = "local"
check_for_update_on_startup = false
[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:${port}/v1"
wire_api = "responses"
env_key = "LOCAL_API_KEY"
request_max_retries = 1
stream_max_retries = 1
[analytics]
enabled = false
[projects."${project}"]
trust_level = "trusted"
`,
      );
    },
    ready: /gpt-5\.1-codex/,
    interrupt: ["Escape"],
    permission: { ...BASH, escalate: "Do you want to run the project checks?" },
    permissionScreen: /Would you like/i,
    approve: ["Enter"],
    deny: ["Escape"],
    asks: false,
    retries: [],
    wipe: ["C-u", "BSpace"],
    trustHooks: { screen: /Hooks need review/i, keys: ["Down", "Enter"] },
    sidecar: true,
  },
  {
    runtime: "opencode",
    packages: ["opencode-ai@1.18.33"],
    command: "opencode",
    serving: "opencode --port 4597",
    environment: () => ({
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    }),
    configure(home, _project, port) {
      const options = { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "dummy" };
      const models = { "coder-large": { name: "Coder Large" }, "coder-small": { name: "Coder Small" } };
      const local = { npm: "@ai-sdk/openai-compatible", name: "Local", options, models };
      write(
        join(home, ".config", "opencode", "opencode.json"),
        JSON.stringify({
          autoupdate: false,
          share: "disabled",
          model: "local/coder-large",
          small_model: "local/coder-small",
          provider: { local },
          permission: { bash: "ask", edit: "ask" },
        }),
      );
    },
    ready: /Ask anything/,
    interrupt: ["Escape", "Escape"],
    permission: BASH,
    permissionScreen: /Permission required/i,
    approve: ["Enter"],
    deny: ["Escape"],
    asks: true,
    retries: [429, 500],
    wipe: ["C-u", "BSpace"],
    traces: ["commands", "requests"],
  },
  {
    runtime: "pi",
    packages: ["@earendil-works/pi-coding-agent@0.87.1"],
    command: "pi",
    environment: () => ({ PI_OFFLINE: "1", PI_TELEMETRY: "0", PI_SKIP_VERSION_CHECK: "1" }),
    configure(home, _project, port) {
      const agent = join(home, ".pi", "agent");
      const models = [{ id: "coder-large", name: "Coder Large", contextWindow: 200000, maxTokens: 8000 }];
      const api = { baseUrl: `http://127.0.0.1:${port}/v1`, api: "openai-completions", apiKey: "dummy" };
      write(join(agent, "models.json"), JSON.stringify({ providers: { local: { ...api, models } } }));
      write(
        join(agent, "settings.json"),
        JSON.stringify({ defaultProvider: "local", defaultModel: "coder-large" }),
      );
      // pi itself asks for no permission: an extension of the user's does.
      write(
        join(agent, "extensions", "gate.js"),
        `export default (pi) => pi.on("tool_call", async (event, context) => {
  const answer = await context.ui.select("Allow this command?", ["Yes", "No"]);
  return answer === "Yes" ? undefined : { block: true, reason: "denied" };
});
`,
      );
    },
    ready: /coder-large/,
    interrupt: ["Escape"],
    permission: BASH,
    permissionScreen: /Allow this command/i,
    approve: ["Enter"],
    deny: ["Escape"],
    asks: false,
    retries: [429, 500],
    wipe: ["C-u", "BSpace"],
    traces: ["commands"],
  },
];

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}
