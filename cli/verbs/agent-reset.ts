import type { Invocation } from "../declaration.ts";

/** `fleet agent reset NAME`: the runtime's reset command, typed and verified. What it does is bundled once for all verbs that act. */
export async function run(invocation: Invocation): Promise<number> {
  const { reset } = await import("../acting/verbs.ts");
  return reset(invocation);
}
