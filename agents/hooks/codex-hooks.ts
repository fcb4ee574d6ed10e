import { hookCommand } from "./claude-settings.ts";
import { addHookEvents, hookEventsIn, hookPlacesIn, removeHookEvents } from "./hook-events.ts";

/** Events of Codex 0.169 that say something a beat or an acknowledgement needs. */
export const CODEX_EVENTS = [
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
  "PermissionRequest",
  "PostToolUse",
  "Stop",
] as const;

/** Codex waits for a hook, ours for some milliseconds; should it ever hang, no longer than this. */
const TIMEOUT_SECONDS = 5;

/** `~/.codex/hooks.json` with our hooks. Their text never changes, since Codex asks the user to trust each change anew. */
export function installInCodex(text: string, script: string): string {
  const entry = (event: string): unknown => ({
    hooks: [{ type: "command", command: hookCommand(script, "codex", event), timeout: TIMEOUT_SECONDS }],
  });
  const missing = CODEX_EVENTS.filter((event) => !hookEventsIn(text, script).includes(event));
  return missing.length === 0 ? text : addHookEvents(text, missing, entry);
}

export function removeFromCodex(text: string, script: string): string {
  return removeHookEvents(text, script);
}

export function codexState(text: string, script: string): "installed" | "partly" | "absent" {
  const events = hookEventsIn(text, script);
  if (events.length === 0) return "absent";
  return CODEX_EVENTS.every((event) => events.includes(event)) ? "installed" : "partly";
}

/**
 * Whether Codex has been told to trust each of our hooks, as its `config.toml` says; until then it passes over them in silence.
 * It keeps a hash of each definition under the file's path, the event and the places within it.
 */
export function isTrustedByCodex(text: string, script: string, path: string, config: string): boolean {
  return hookPlacesIn(text, script).every(({ event, index }) => {
    const name = event.replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase();
    const header = `[hooks.state.${JSON.stringify(`${path}:${name}:${index}:0`)}]`;
    const [, section = ""] = config.split(header);
    return /^\s*trusted_hash\s*=\s*"/.test(section);
  });
}
