import { join } from "node:path";
import { pluginText } from "./adapter-files.ts";
import { claudeState, installInClaude, removeFromClaude } from "./claude-settings.ts";
import { codexState, installInCodex, isTrustedByCodex, removeFromCodex } from "./codex-hooks.ts";
import { installInScreen, removeFromScreen, screenState } from "./opencode-screen.ts";

export const HOOKED_RUNTIMES = ["claude", "codex", "opencode", "pi"] as const;
export type HookedRuntime = (typeof HOOKED_RUNTIMES)[number];

export interface Around {
  readonly home: string;
  readonly fleetHome: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** A file of the user's that is edited, and one that names what is ours. */
export interface Edited {
  readonly path: string;
  readonly install: (text: string) => string;
  readonly remove: (text: string, backup: string | null) => string;
  readonly state: (text: string) => "installed" | "partly" | "absent";
}

/** How one runtime is told to run ours: a file of the user's that is edited, or a file of ours in its folder. */
export type Installation =
  | (Edited & {
      readonly kind: "edited";
      /** What the runtime itself keeps of whether the user trusts our hooks; absent where it does not ask. */
      readonly trust?: { readonly path: string; readonly given: (text: string, config: string) => boolean };
    })
  | {
      readonly kind: "own";
      readonly path: string;
      readonly text: string;
      /** A second file of ours, which the runtime is told of by an edit. */
      readonly named?: { readonly path: string; readonly text: string; readonly by: Edited };
    };

/** Where the scripts stand that hooks run: in the fleet's own home, so that no hook breaks when this program moves. */
export function scriptDirectory({ fleetHome }: Around): string {
  return join(fleetHome, "adapters");
}

export function installationOf(runtime: HookedRuntime, around: Around): Installation {
  const { home, variables } = around;
  const script = join(scriptDirectory(around), "hook.sh");
  switch (runtime) {
    case "claude":
      return {
        kind: "edited",
        path: join(variables.CLAUDE_CONFIG_DIR || join(home, ".claude"), "settings.json"),
        install: (text) => installInClaude(text, script),
        remove: (text, backup) => removeFromClaude(text, script, backup),
        state: (text) => claudeState(text, script),
      };
    case "codex": {
      const directory = variables.CODEX_HOME || join(home, ".codex");
      const path = join(directory, "hooks.json");
      return {
        kind: "edited",
        path,
        install: (text) => installInCodex(text, script),
        remove: (text) => removeFromCodex(text, script),
        state: (text) => codexState(text, script),
        trust: {
          path: join(directory, "config.toml"),
          given: (text, config) => isTrustedByCodex(text, script, path, config),
        },
      };
    }
    case "opencode": {
      const config = variables.XDG_CONFIG_HOME || join(home, ".config");
      const path = join(config, "opencode", "plugins", "fleet-heartbeat.js");
      const shown = join(scriptDirectory(around), "opencode-shown.js");
      // OpenCode reads `tui.json` as well, which it makes itself of older settings where there is none: that one is left to it.
      const by: Edited = {
        path: join(config, "opencode", "tui.jsonc"),
        install: (text) => installInScreen(text, shown),
        remove: (text) => removeFromScreen(text, shown),
        state: (text) => screenState(text, shown),
      };
      const named = { path: shown, text: pluginText("opencode-shown.js"), by };
      return { kind: "own", path, text: pluginText("opencode-plugin.js"), named };
    }
    case "pi": {
      const agent = variables.PI_CODING_AGENT_DIR || join(home, ".pi", "agent");
      const path = join(agent, "extensions", "fleet-heartbeat.js");
      return { kind: "own", path, text: pluginText("pi-extension.js") };
    }
  }
}
