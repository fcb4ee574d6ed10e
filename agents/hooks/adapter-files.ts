import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The shell scripts that hooks of Claude Code and Codex run, and what they read. */
export const SCRIPT_FILES = ["hook.sh", "claude.sh", "codex.sh", "prompt-digest.awk"] as const;

/** The text of one file of `agents/adapters/`. */
export function adapterText(file: string): string {
  return readFileSync(join(adaptersDirectory(), file), "utf8");
}

/** A plugin as one file: what it imports from `responder.js` stands in it, since a runtime loads every file of its folder. */
export function pluginText(file: string): string {
  const responder = adapterText("responder.js").replace(/^export /gm, "");
  return adapterText(file).replace(/^import .* from "\.\/responder\.js";\n/m, () => `${responder}\n`);
}

/** Beside the sources, and beside `dist/` where everything was built into that. */
function adaptersDirectory(): string {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const found = join(at, "agents", "adapters");
    if (existsSync(join(found, "hook.sh"))) return found;
    if (dirname(at) === at) throw new Error(`agents/adapters is not above ${import.meta.dirname}`);
  }
}
