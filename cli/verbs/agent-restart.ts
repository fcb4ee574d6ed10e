import type { Invocation } from "../declaration.ts";

/** `fleet agent restart NAME...`: ends it and starts it anew. What it does is bundled once for all verbs that act. */
export async function run(invocation: Invocation): Promise<number> {
  const { restart } = await import("../acting/verbs.ts");
  return restart(invocation);
}
