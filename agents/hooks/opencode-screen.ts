import { memberOf, readJson, withElement, withMember, without } from "./json-text.ts";

/** `tui.jsonc` of OpenCode with our plugin for its screen among the user's own. */
export function installInScreen(text: string, script: string): string {
  if (screenState(text, script) === "installed") return text;
  const root = readJson(text);
  const list = memberOf(root, "plugin");
  return list === undefined ? withMember(text, root, "plugin", [script]) : withElement(text, list, script);
}

/** The same without it, and without a list that was made only to hold it. */
export function removeFromScreen(text: string, script: string): string {
  const list = memberOf(readJson(text), "plugin");
  const index = list?.elements?.findIndex(({ scalar }) => scalar === script) ?? -1;
  if (list === undefined || index < 0) return text;
  const less = without(text, list, index);
  const root = readJson(less);
  const at = root.members?.findIndex(({ key }) => key === "plugin") ?? -1;
  return root.members?.[at]?.value.elements?.length === 0 ? without(less, root, at) : less;
}

export function screenState(text: string, script: string): "installed" | "absent" {
  const list = memberOf(readJson(text), "plugin");
  return list?.elements?.some(({ scalar }) => scalar === script) === true ? "installed" : "absent";
}
