import { readText } from "../../agents/hooks/apply.ts";
import { planInstall } from "../../agents/hooks/plan.ts";
import type { HookedRuntime } from "../../agents/hooks/runtimes.ts";
import type { Invocation } from "../declaration.ts";
import { aroundOf, backupRemark, carryOut } from "../hooks.ts";

/** What remains to be done by hand. */
const NEXT: Readonly<Record<HookedRuntime, string>> = {
  claude: "It beats once it runs as an agent (MOSAIC_AGENT_NAME is set).",
  codex:
    "Start it once and trust the hooks in its dialog; run it with --no-daemon. Between its hooks a sidecar beats for it, which the agents' launcher starts.",
  opencode:
    "It beats when it starts the next time. Started with --port N, it is given messages by its own server, and they are not typed.",
  pi: "It beats when it starts the next time.",
};

/** `fleet hooks install`. */
export async function run(invocation: Invocation): Promise<number> {
  const around = aroundOf(invocation);
  return carryOut(
    invocation,
    "fleet.hooks-install.v1",
    (runtime) => planInstall(runtime, around, readText),
    (runtime, changes) =>
      changes.length === 0
        ? "is installed already; nothing to do."
        : `hooks are in place.${backupRemark(changes)} ${NEXT[runtime]}`,
  );
}
