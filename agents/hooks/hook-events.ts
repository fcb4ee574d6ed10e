import { type JsonNode, memberOf, readJson, withElement, withMember, without } from "./json-text.ts";
import { shellWord } from "./shell-word.ts";

/** Claude Code and Codex keep hooks in the same shape: `{"hooks": {EVENT: [{"hooks": [{"command": ...}]}]}}`. */

/** Adds one entry for each event, behind those that are there. */
export function addHookEvents(
  text: string,
  events: readonly string[],
  entry: (event: string) => unknown,
): string {
  let result = text;
  if (memberOf(readJson(result), "hooks") === undefined)
    result = withMember(result, readJson(result), "hooks", {});
  for (const event of events) {
    const hooks = memberOf(readJson(result), "hooks") as JsonNode;
    const list = memberOf(hooks, event);
    result =
      list === undefined
        ? withMember(result, hooks, event, [entry(event)])
        : withElement(result, list, entry(event));
  }
  return result;
}

/** Takes out every entry that runs this script, and whatever was made only to hold it. */
export function removeHookEvents(text: string, script: string): string {
  let result = text;
  for (;;) {
    const root = readJson(result);
    const hooks = memberOf(root, "hooks");
    const found = ours(hooks, script);
    if (hooks === undefined || found === null) return result;
    result = without(result, found.list, found.index);
    result = withoutEmpty(result, found.event);
  }
}

/** Where our entries stand: Codex remembers by that which of them it was told to trust. */
export function hookPlacesIn(text: string, script: string): { event: string; index: number }[] {
  const hooks = memberOf(readJson(text), "hooks");
  return (hooks?.members ?? []).flatMap(({ key, value }) =>
    (value.elements ?? []).flatMap((entry, index) => (runs(entry, script) ? [{ event: key, index }] : [])),
  );
}

/** Events that have an entry of this script. */
export function hookEventsIn(text: string, script: string): string[] {
  return [...new Set(hookPlacesIn(text, script).map(({ event }) => event))];
}

function ours(
  hooks: JsonNode | undefined,
  script: string,
): { event: string; list: JsonNode; index: number } | null {
  for (const { key, value } of hooks?.members ?? []) {
    const index = (value.elements ?? []).findIndex((entry) => runs(entry, script));
    if (index >= 0) return { event: key, list: value, index };
  }
  return null;
}

function runs(entry: JsonNode, script: string): boolean {
  return (memberOf(entry, "hooks")?.elements ?? []).some((hook) => {
    const command = memberOf(hook, "command")?.scalar;
    return typeof command === "string" && command.includes(` sh ${shellWord(script)} `);
  });
}

function withoutEmpty(text: string, event: string): string {
  const root = readJson(text);
  const hooks = memberOf(root, "hooks") as JsonNode;
  const at = hooks.members?.findIndex(({ key }) => key === event) ?? -1;
  if (hooks.members?.[at]?.value.elements?.length !== 0) return text;
  const less = without(text, hooks, at);
  const rest = readJson(less);
  const index = rest.members?.findIndex(({ key }) => key === "hooks") ?? -1;
  return rest.members?.[index]?.value.members?.length === 0 ? without(less, rest, index) : less;
}
