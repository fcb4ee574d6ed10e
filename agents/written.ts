import type { PlannedFile } from "./plan.ts";

/** What is to be done about one planned file. */
export type Fate =
  /** Not there yet. */
  | "new"
  /** There, as it is planned. */
  | "same"
  /** Ours as we left it, and planned otherwise by now. */
  | "update"
  /** Edited by hand since we wrote it, or never ours: left alone. */
  | "kept"
  /** Another launcher's unit: with it in place the fleet would not be what was asked for. */
  | "foreign"
  /** Written over on demand; what was there is kept beside it. */
  | "replace";

/** What was last written, by path: the sha256 of each file. A file that has another one was edited by hand. */
export type Written = Readonly<Record<string, string>>;

export function fateOf(
  planned: Pick<PlannedFile, "text" | "kind">,
  found: { readonly text: string; readonly digest: string } | null,
  writtenDigest: string | undefined,
  force: boolean,
): Fate {
  if (found === null) return "new";
  if (found.text === planned.text) return "same";
  if (found.digest === writtenDigest) return "update";
  if (force) return "replace";
  return planned.kind === "unit" && writtenDigest === undefined ? "foreign" : "kept";
}

/** Whether a file of this fate is written. */
export function isWritten(fate: Fate): boolean {
  return fate === "new" || fate === "update" || fate === "replace";
}

/** The remembered digests, from the text of their file; one that makes no sense remembers nothing, so that nothing is written over. */
export function readWritten(text: string | null): Written {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    const entries = Object.entries(value).filter(([, digest]) => typeof digest === "string");
    return Object.fromEntries(entries) as Written;
  } catch {
    return {};
  }
}

/** Paths that we once wrote and that the plan no longer holds: those of agents that have left the roster. */
export function leftOver(written: Written, planned: readonly Pick<PlannedFile, "path">[]): string[] {
  const wanted = new Set(planned.map(({ path }) => path));
  return Object.keys(written).filter((path) => !wanted.has(path));
}
