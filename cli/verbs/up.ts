import type { Invocation } from "../declaration.ts";

/** `fleet up`: everything that should run. What it does is bundled once for all verbs that act. */
export async function run(invocation: Invocation): Promise<number> {
  const { up } = await import("../acting/verbs.ts");
  return up(invocation);
}
