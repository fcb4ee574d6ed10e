import { hostname } from "node:os";
import { applyChanges } from "../agents/hooks/apply.ts";
import { backupOf, type Change } from "../agents/hooks/plan.ts";
import { type Around, HOOKED_RUNTIMES, type HookedRuntime } from "../agents/hooks/runtimes.ts";
import { FleetError } from "../store/errors.ts";
import { has, type Invocation } from "./declaration.ts";
import { resolveNames, resolvePlaces } from "./environment.ts";
import { EXIT } from "./exit.ts";
import { currentAccount } from "./here.ts";
import { visible } from "./render/text.ts";
import { userName } from "./user-name.ts";

/** The runtimes that were named; all of them where none was. */
export function namedRuntimes(words: readonly string[]): HookedRuntime[] {
  const wrong = words.find((word) => !(HOOKED_RUNTIMES as readonly string[]).includes(word));
  if (wrong !== undefined) {
    throw new FleetError("usage", `there are no hooks for ${JSON.stringify(wrong.slice(0, 80))}`, {
      hint: `Name one of ${HOOKED_RUNTIMES.join(", ")}.`,
    });
  }
  return words.length === 0 ? [...HOOKED_RUNTIMES] : [...new Set(words as HookedRuntime[])];
}

export function aroundOf({ environment }: Invocation): Around {
  const account = currentAccount(environment);
  const { fleetHome } = resolvePlaces(environment, account);
  return { home: account.home, fleetHome, variables: environment };
}

/** What every document of these verbs begins with. */
export function documentHead(schema: string, { environment }: Invocation): Record<string, unknown> {
  const account = currentAccount(environment);
  const names = resolveNames(environment, { ...account, hostname: hostname() });
  return { schema, tenant_id: names.tenantOverride ?? userName(account.uid), host: names.host };
}

/** Makes the changes of `install` or `remove`, or shows them, runtime by runtime. */
export function carryOut(
  invocation: Invocation,
  schema: string,
  plan: (runtime: HookedRuntime) => Change[],
  closing: (runtime: HookedRuntime, changes: readonly Change[]) => string,
): number {
  const { output } = invocation;
  const isDry = has(invocation, "dry-run");
  const done = namedRuntimes(invocation.arguments).map((runtime) => {
    const changes = plan(runtime);
    if (!isDry) applyChanges(changes);
    return { runtime, changes };
  });
  if (has(invocation, "json")) {
    const runtimes = done.map(({ runtime, changes }) => ({
      runtime,
      changes: changes.map(({ path, before, after }) => ({ path, what: kindOf(before, after) })),
    }));
    output.print(
      `${JSON.stringify({ ...documentHead(schema, invocation), dry_run: isDry, runtimes }, null, 2)}\n`,
    );
    return EXIT.done;
  }
  for (const { runtime, changes } of done) {
    for (const { path, before, after } of changes) {
      const what = kindOf(before, after);
      output.print(`${isDry ? `would ${what}` : `${PAST[what]}`} ${visible(path)}\n`);
    }
    output.print(`${runtime}: ${closing(runtime, changes)}\n`);
  }
  return EXIT.done;
}

const PAST = { make: "made", change: "changed", remove: "removed" } as const;

function kindOf(before: string | null, after: string | null): keyof typeof PAST {
  if (before === null) return "make";
  return after === null ? "remove" : "change";
}

/** Where the copy of an edited file is. */
export function backupRemark(changes: readonly Change[]): string {
  const copy = changes.find(
    ({ path, after }) => path === backupOf(path.replace(/\.before-fleet$/, "")) && after,
  );
  return copy === undefined ? "" : ` A copy of your file is ${visible(copy.path)}.`;
}
