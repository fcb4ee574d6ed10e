import { has, type Invocation } from "../declaration.ts";

/** `fleet record`: the recorder in the foreground, or the removal of its marks. */
export async function run(invocation: Invocation): Promise<number> {
  if (has(invocation, "uninstall")) {
    const { uninstall } = await import("../recorder/uninstall.ts");
    return uninstall(invocation);
  }
  const { record } = await import("../recorder/record.ts");
  return record(invocation);
}
