import type { Invocation } from "../declaration.ts";
import { startNamed } from "./verb-agent-start.ts";

/** `fleet agent restart NAME...`: ends it, starts it anew, and says how that went. */
export function run(invocation: Invocation): Promise<number> {
  return startNamed(invocation, "agent restart");
}
