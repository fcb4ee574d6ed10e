import { readText } from "../../agents/hooks/apply.ts";
import { type HookState, stateOf } from "../../agents/hooks/plan.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { aroundOf, documentHead, namedRuntimes } from "../hooks.ts";
import { pad, visible } from "../render/text.ts";

/** `fleet hooks check`. */
export async function run(invocation: Invocation): Promise<number> {
  const around = aroundOf(invocation);
  const states = namedRuntimes(invocation.arguments).map((runtime) => stateOf(runtime, around, readText));
  if (has(invocation, "json")) {
    const document = { ...documentHead("fleet.hooks-check.v1", invocation), runtimes: states };
    invocation.output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    for (const one of states) invocation.output.print(`${line(one)}\n`);
  }
  return states.every(({ state }) => state === "installed") ? EXIT.done : EXIT.failed;
}

function line({ runtime, state, path }: HookState): string {
  const advice =
    state === "installed"
      ? visible(path)
      : state === "untrusted"
        ? `start ${runtime} once, and trust the hooks of ${visible(path)} in its dialog`
        : `run: fleet hooks install ${runtime}`;
  return `${pad(runtime, 8)}  ${pad(state, 9)}  ${advice}`;
}
