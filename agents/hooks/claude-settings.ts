import { addHookEvents, hookEventsIn, removeHookEvents } from "./hook-events.ts";
import { memberOf, plainOf, readJson, withMember, without } from "./json-text.ts";
import { shellWord, unquoted } from "./shell-word.ts";

/** Events of Claude Code 2.1 that say something a beat needs. What runs between them is told by the session file. */
export const CLAUDE_EVENTS = [
  "SessionStart",
  "UserPromptSubmit",
  "PermissionRequest",
  "Elicitation",
  "Stop",
  "StopFailure",
] as const;

/** Seconds between two runs of the status line: how soon a probe is answered and an interruption seen. */
const REFRESH_SECONDS = 1;

/** `~/.claude/settings.json` with our hooks and the beat in it; what is there already stays, a status line of the user's own is chained. */
export function installInClaude(text: string, script: string): string {
  if (isCurrent(text, script)) return text;
  const cleaned = removeFromClaude(text, script, null);
  const entry = (event: string): unknown => entryOf(script, event);
  const hooked = addHookEvents(cleaned, CLAUDE_EVENTS, entry);
  const root = readJson(hooked);
  const own = memberOf(root, "statusLine");
  const former = own === undefined ? undefined : (plainOf(own) as Record<string, unknown>);
  const chained = typeof former?.command === "string" ? ` ${shellWord(former.command)}` : "";
  const command = `${hookCommand(script, "claude", "statusline")}${chained}`;
  return withMember(hooked, root, "statusLine", {
    ...former,
    type: "command",
    command,
    refreshInterval: REFRESH_SECONDS,
  });
}

function entryOf(script: string, event: string): unknown {
  // Asynchronous: Claude Code waits for nothing, and nothing that it says can come into the conversation.
  return { hooks: [{ type: "command", command: hookCommand(script, "claude", event), async: true }] };
}

/** Everything of this version is there already, wherever it stands among other entries. */
function isCurrent(text: string, script: string): boolean {
  if (claudeState(text, script) !== "installed") return false;
  const root = readJson(text);
  const hooks = memberOf(root, "hooks");
  const has = (event: string): boolean =>
    (memberOf(hooks, event)?.elements ?? []).some(
      (entry) => JSON.stringify(plainOf(entry)) === JSON.stringify(entryOf(script, event)),
    );
  const refresh = memberOf(memberOf(root, "statusLine"), "refreshInterval")?.scalar;
  return (
    refresh === REFRESH_SECONDS &&
    CLAUDE_EVENTS.every(has) &&
    hookEventsIn(text, script).length === CLAUDE_EVENTS.length
  );
}

/** The same without anything of ours; the user's own status line is back, as the copy of the file has it where it is the same one. */
export function removeFromClaude(text: string, script: string, backup: string | null): string {
  const unhooked = removeHookEvents(text, script);
  const root = readJson(unhooked);
  const statusLine = memberOf(root, "statusLine");
  const command = memberOf(statusLine, "command")?.scalar;
  const prefix = hookCommand(script, "claude", "statusline");
  if (statusLine === undefined || typeof command !== "string" || !command.startsWith(prefix)) return unhooked;
  const chained = command.slice(prefix.length).trim();
  const index = root.members?.findIndex(({ key }) => key === "statusLine") ?? -1;
  if (chained === "") return without(unhooked, root, index);
  const own = unquoted(chained);
  const former = backup === null ? undefined : memberOf(readJson(backup), "statusLine");
  if (former && memberOf(former, "command")?.scalar === own)
    return withMember(unhooked, root, "statusLine", plainOf(former));
  const { refreshInterval: _, ...rest } = plainOf(statusLine) as Record<string, unknown>;
  return withMember(unhooked, root, "statusLine", { ...rest, command: own });
}

/** What of it is in the text: all, some (an older version, or somebody's edit), or nothing. */
export function claudeState(text: string, script: string): "installed" | "partly" | "absent" {
  const events = hookEventsIn(text, script);
  const command = memberOf(memberOf(readJson(text), "statusLine"), "command")?.scalar;
  const beats =
    typeof command === "string" && command.startsWith(hookCommand(script, "claude", "statusline"));
  if (events.length === 0 && !beats) return "absent";
  return beats && CLAUDE_EVENTS.every((event) => events.includes(event)) ? "installed" : "partly";
}

/** The shell command of one hook. A script that is no longer there is no error to the runtime. */
export function hookCommand(script: string, runtime: string, event: string): string {
  return `[ ! -r ${shellWord(script)} ] || exec sh ${shellWord(script)} ${runtime} ${event}`;
}
