import { readText } from "../../agents/hooks/apply.ts";
import { planRemove } from "../../agents/hooks/plan.ts";
import { HOOKED_RUNTIMES } from "../../agents/hooks/runtimes.ts";
import type { Invocation } from "../declaration.ts";
import { aroundOf, carryOut, namedRuntimes } from "../hooks.ts";

/** `fleet hooks remove`. */
export async function run(invocation: Invocation): Promise<number> {
  const around = aroundOf(invocation);
  const named = namedRuntimes(invocation.arguments);
  // What is removed in the same breath uses no scripts any longer.
  const staying = HOOKED_RUNTIMES.filter((runtime) => !named.includes(runtime));
  return carryOut(
    invocation,
    "fleet.hooks-remove.v1",
    (runtime) => planRemove(runtime, around, readText, staying),
    (_, changes) => (changes.length === 0 ? "nothing of ours was there." : "hooks are taken out."),
  );
}
