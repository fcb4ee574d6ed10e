import type { Invocation } from "../declaration.ts";

/** `fleet agent start NAME...`: by its unit, and says how the start went. What it does is bundled once for all verbs that act. */
export async function run(invocation: Invocation): Promise<number> {
  const { start } = await import("../acting/verbs.ts");
  return start(invocation);
}
