import type { PsInput } from "../query/ps.ts";
import { nowUs } from "./clock.ts";
import type { Variables } from "./environment.ts";
import { observe } from "./observe.ts";
import { readPresent } from "./present.ts";

/** The present, whoever watches it: a recorder, the look that is taken here and now, or nobody. */
export async function presentAtLength(
  variables: Variables,
  options: { collect: boolean; complain: (text: string) => void },
): Promise<PsInput> {
  const { reader, observer } = await observe(variables, options);
  try {
    return readPresent(reader, { nowUs: nowUs(), observer, all: false });
  } finally {
    reader.close();
  }
}
