import type { Weighed } from "../../agents/apply.ts";
import type { PlannedCommand } from "../../agents/plan.ts";
import { type Fate, isWritten } from "../../agents/written.ts";
import type { Output } from "../output.ts";
import { visible } from "./text.ts";

export interface InitPlan {
  readonly weighed: readonly Weighed[];
  /** Paths that are no longer wanted. */
  readonly gone: readonly string[];
  readonly commands: readonly PlannedCommand[];
  /** Commands that were run. */
  readonly done: readonly string[];
  /** What is left to somebody else. */
  readonly administrator: readonly string[];
}

const WORDS: Record<Fate, readonly [plan: string, done: string]> = {
  new: ["would write", "wrote"],
  update: ["would update", "updated"],
  replace: ["would replace", "replaced"],
  same: ["as it is", "as it is"],
  kept: ["kept", "kept"],
  foreign: ["not ours", "not ours"],
};

export function formatInit(plan: InitPlan, { paint }: Output, dryRun: boolean): string {
  const lines = plan.weighed.flatMap(({ file, fate }) => {
    const word = WORDS[fate][dryRun ? 0 : 1];
    const remark =
      fate === "kept"
        ? "; edited by hand, --force writes it anew"
        : fate === "foreign"
          ? "; another launcher's: nothing would be written without --force"
          : "";
    const head = `${paint(fate === "foreign" ? "bad" : fate === "kept" ? "warn" : null, word.padEnd(13))} ${visible(file.path)}  (${file.what}${remark})`;
    const shown = dryRun && isWritten(fate) ? file.text.trimEnd().split("\n") : [];
    return [head, ...shown.map((line) => `    | ${visible(line)}`)];
  });
  const removed = plan.gone.map(
    (path) => `${(dryRun ? "would remove" : "removed").padEnd(13)} ${visible(path)}`,
  );
  const commands = dryRun
    ? plan.commands.map(({ words, what }) => `${"would run".padEnd(13)} ${words.join(" ")}  (${what})`)
    : plan.done.map((words) => `${"ran".padEnd(13)} ${words}`);
  const next = dryRun ? [] : ["", ...plan.administrator, "Start the agents: fleet up"];
  return `${[...lines, ...removed, ...commands, ...next].join("\n")}\n`;
}

export function initDocument(
  plan: InitPlan,
  whose: { readonly tenantId: string; readonly host: string },
  dryRun: boolean,
): string {
  const document = {
    schema: "fleet.init.v1",
    tenant_id: whose.tenantId,
    host: whose.host,
    dry_run: dryRun,
    files: plan.weighed.map(({ file, fate }) => ({
      path: file.path,
      what: file.what,
      fate,
      mode: file.mode.toString(8).padStart(4, "0"),
      ...(dryRun ? { text: file.text } : {}),
    })),
    removed: plan.gone,
    commands: plan.commands.map(({ words, what }) => ({
      words,
      what,
      done: plan.done.includes(words.join(" ")),
    })),
    left_to_you: plan.administrator,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
