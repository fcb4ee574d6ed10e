import { hostname } from "node:os";
import { join } from "node:path";
import type { Clock } from "../collectors/collector.ts";
import { chronicle } from "../query/history/chronicler.ts";
import { derive, projections } from "../query/planes/all.ts";
import { openWatch } from "../query/planes/recorder.ts";
import type { Identity, Partition } from "../store/identity.ts";
import { type Log, openLog } from "../store/log.ts";
import { adoptNewestRules } from "./adopt-rules.ts";
import { type BroughtHere, broughtHere, nameOf, tenantHere } from "./brought-here.ts";
import { createClock } from "./clock.ts";
import { type Names, resolveNames, type Variables } from "./environment.ts";
import { openExistingLog } from "./existing-log.ts";
import { type Here, lookAround } from "./here.ts";
import { installationRoot } from "./installation.ts";
import { machineId } from "./machine-id.ts";
import { readRosterFile } from "./roster-file.ts";
import { ensureStateDirectory } from "./state-directory.ts";

export interface OwnLog {
  readonly log: Log;
  readonly identity: Identity;
  readonly here: Here;
  readonly names: Names;
  readonly clock: Clock;
}

/**
 * Opens the log of this tenant for appending, with the folds of this program; makes the state directory where it is missing.
 * `keepIdentity` is for verbs that only tend an existing log: run from a shell whose environment differs from the recorder's,
 * they must not make the log another tenant's. Whoever acts or records makes a log that was brought here from elsewhere their own, too, and is
 * told so; who only looks asks before (see `observe.ts`).
 */
export function openOwnLog(variables: Variables, options: { keepIdentity?: boolean } = {}): OwnLog {
  const here = lookAround(variables);
  const names = resolveNames(variables, { ...here.account, hostname: hostname() });
  ensureStateDirectory(here.places, here.account.uid);
  const found = lastWriter(here, variables);
  const kept = options.keepIdentity ? (found?.writer ?? null) : null;
  const identity = {
    tenantId: kept?.tenantId ?? tenantOf(names, here, found?.brought ? null : (found?.writer ?? null)),
    host: kept?.host ?? names.host,
    machineId: machineId(),
  };
  const clock = createClock();
  const log = openLog({
    path: here.places.database,
    identity,
    clock,
    projections,
    chronicle,
    derive,
    openWatch,
    rebuildThread: { thread: rebuildThread() },
    refolding: tellOfRefolding,
  });
  if (kept === null && found?.brought) tellOfTakingOver(found.brought);
  adoptNewestRules(log, clock.nowUs());
  return { log, identity, here, names, clock };
}

/** Fewer are folded anew before anybody wonders. */
const WORTH_TELLING = 200_000;

/** Whoever waits is told why, in the journal too: a newer fleet found an older one's tables, or an import has filled the log. */
function tellOfRefolding(events: number, wasFolded: boolean): void {
  if (events >= WORTH_TELLING)
    process.stderr.write(`fleet: ${whyFolded(events, wasFolded)}, this once ...\n`);
}

export function whyFolded(events: number, wasFolded: boolean): string {
  return wasFolded
    ? `another version of fleet kept this log's tables; its ${events} events are folded anew`
    : `the tables of this log are made of its ${events} events`;
}

function tellOfTakingOver({ of, here }: BroughtHere): void {
  process.stderr.write(
    `fleet: this log was brought here and is of ${nameOf(of)}; from now on it is of ${nameOf(here)}, too, and answers for that: --host asks for the other\n`,
  );
}

/** Where `rebuild-thread.ts` is, bundled or not. */
function rebuildThread(): string {
  const file = import.meta.filename.endsWith(".cjs") ? "dist/rebuild-thread.cjs" : "cli/rebuild-thread.ts";
  return join(installationRoot(), file);
}

/** While the roster cannot be read, the tenant of the last good one stays in force. */
function tenantOf(names: Names, here: Here, found: Partition | null): string {
  if (names.tenantOverride !== null || found === null || readRosterFile(here.places.roster)?.ok)
    return tenantHere(names, here);
  return found.tenantId;
}

function lastWriter(
  here: Here,
  variables: Variables,
): { readonly writer: Partition; readonly brought: BroughtHere | null } | null {
  const reader = openExistingLog(here);
  if (reader === null) return null;
  try {
    return { writer: reader.identity(), brought: broughtHere(reader, here, variables) };
  } finally {
    reader.close();
  }
}
