import type { Invocation } from "../declaration.ts";

/** `fleet down`: everything, on purpose. What it does is bundled once for all verbs that act. */
export async function run(invocation: Invocation): Promise<number> {
  const { down } = await import("../acting/verbs.ts");
  return down(invocation);
}
