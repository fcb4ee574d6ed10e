import { join } from "node:path";
import { FleetError } from "../../store/errors.ts";
import { adapterText, SCRIPT_FILES } from "./adapter-files.ts";
import { type Around, type Edited, type HookedRuntime, installationOf, scriptDirectory } from "./runtimes.ts";

/** One file as it is to be; `after: null` = gone. */
export interface Change {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  /** The user's own file, of which a copy is kept. */
  readonly isUsers: boolean;
}

export type ReadText = (path: string) => string | null;

/** What stands beside a file of the user's while something of ours is in it: the file as it was before. */
export function backupOf(path: string): string {
  return `${path}.before-fleet`;
}

/** The changes that put the adapter of one runtime into place; none when everything is as it should be. */
export function planInstall(runtime: HookedRuntime, around: Around, read: ReadText): Change[] {
  const installation = installationOf(runtime, around);
  if (installation.kind === "own") {
    const { named } = installation;
    const own = ownFile(installation.path, read(installation.path), installation.text);
    const second = named === undefined ? [] : [ownFile(named.path, read(named.path), named.text)];
    return changed([own, ...second, ...(named === undefined ? [] : editsIn(named.by, read))]);
  }
  const scripts = SCRIPT_FILES.map((file) => {
    const path = join(scriptDirectory(around), file);
    return ownFile(path, read(path), adapterText(file));
  });
  // The scripts first: a hook must never name one that is not there yet.
  return changed([...scripts, ...editsIn(installation, read)]);
}

/** The edit of a file of the user's, of which a copy is kept before the first one. */
function editsIn({ path, install, state }: Edited, read: ReadText): Change[] {
  const before = read(path);
  const after = parsing(path, () => install(before ?? "{}\n"));
  const isFirst = before !== null && parsing(path, () => state(before)) === "absent";
  const backup = backupOf(path);
  const copies = isFirst ? [ownFile(backup, read(backup), before)] : [];
  return [...copies, { path, before, after, isUsers: true }];
}

/** The changes that take it out again. Scripts that another runtime still uses stay. */
export function planRemove(
  runtime: HookedRuntime,
  around: Around,
  read: ReadText,
  others: readonly HookedRuntime[],
): Change[] {
  const installation = installationOf(runtime, around);
  const gone = (path: string): Change => ({ path, before: read(path), after: null, isUsers: false });
  if (installation.kind === "own") {
    const { path, named } = installation;
    const second = named === undefined ? [] : [...takenOutOf(named.by, read), gone(named.path)];
    return changed([gone(path), ...second]);
  }
  const isUsedYet = others.some((other) => other !== runtime && usesScripts(other, around, read));
  const scripts = SCRIPT_FILES.map((file) => gone(join(scriptDirectory(around), file)));
  return changed([...takenOutOf(installation, read), ...(isUsedYet ? [] : scripts)]);
}

function takenOutOf({ path, install, remove, state }: Edited, read: ReadText): Change[] {
  const before = read(path);
  if (before === null || parsing(path, () => state(before)) === "absent") return [];
  const backup = read(backupOf(path));
  // Byte for byte as it was, where nobody has changed it since. A file that there was not before is no more.
  const asItWas = backup ?? "{}\n";
  const isUntouched = parsing(path, () => install(asItWas)) === before;
  const after = isUntouched ? backup : parsing(path, () => remove(before, backup));
  return [
    { path, before, after, isUsers: true },
    ...(backup === null ? [] : [{ path: backupOf(path), before: backup, after: null, isUsers: false }]),
  ];
}

function usesScripts(runtime: HookedRuntime, around: Around, read: ReadText): boolean {
  const installation = installationOf(runtime, around);
  if (installation.kind === "own") return false;
  const text = read(installation.path);
  return text !== null && parsing(installation.path, () => installation.state(text)) !== "absent";
}

export interface HookState {
  readonly runtime: HookedRuntime;
  readonly path: string;
  /**
   * `outdated`: another version of ours is there. `partly`: somebody has taken some of it out. `untrusted`: the runtime passes over
   * it until its user says that it may be trusted.
   */
  readonly state: "installed" | "outdated" | "partly" | "untrusted" | "absent";
}

export function stateOf(runtime: HookedRuntime, around: Around, read: ReadText): HookState {
  const installation = installationOf(runtime, around);
  const { path } = installation;
  const text = read(path);
  if (text === null) return { runtime, path, state: "absent" };
  if (installation.kind === "own") {
    if (planInstall(runtime, around, read).length === 0) return { runtime, path, state: "installed" };
    const isNamed = installation.named === undefined || isIn(installation.named.by, read);
    return { runtime, path, state: text === installation.text && !isNamed ? "partly" : "outdated" };
  }
  const state = parsing(path, () => installation.state(text));
  if (state !== "installed") return { runtime, path, state };
  if (planInstall(runtime, around, read).length > 0) return { runtime, path, state: "outdated" };
  const { trust } = installation;
  const isTrusted = trust === undefined || trust.given(text, read(trust.path) ?? "");
  return { runtime, path, state: isTrusted ? "installed" : "untrusted" };
}

function isIn({ path, state }: Edited, read: ReadText): boolean {
  const text = read(path);
  return text !== null && parsing(path, () => state(text)) === "installed";
}

function ownFile(path: string, before: string | null, after: string): Change {
  return { path, before, after, isUsers: false };
}

function changed(changes: readonly Change[]): Change[] {
  return changes.filter(({ before, after }) => before !== after);
}

function parsing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FleetError("config", `${path} is no JSON: ${error.message}`, {
      hint: "Mend it first; nothing was changed.",
    });
  }
}
