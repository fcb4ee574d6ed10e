import type { Invocation } from "../declaration.ts";

/** `fleet agent stop NAME...`: a stop on purpose. What it does is bundled once for all verbs that act. */
export async function run(invocation: Invocation): Promise<number> {
  const { stop } = await import("../acting/verbs.ts");
  return stop(invocation);
}
