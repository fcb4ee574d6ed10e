import type { Output } from "./output.ts";
import { formatMoment } from "./render/moment.ts";
import type { Moment } from "./time.ts";

/**
 * A local time that clocks here showed twice means the first time (see time.ts). Who wrote it is told so, and how to ask for the second, unless that
 * has not come yet: on stderr, so that whoever reads stdout finds only the answer.
 */
export function sayWhichOfTwo(
  output: Pick<Output, "complain">,
  said: string,
  moment: Extract<Moment, { kind: "instant" }>,
  nowUs: number,
): void {
  const { atUs, againUs } = moment;
  if (againUs === undefined || againUs > nowUs) return;
  output.complain(
    `${said}: clocks here showed that time twice; the first is meant, ${formatMoment(atUs)}\n` +
      `  For the second give ${JSON.stringify(formatMoment(againUs))}.\n`,
  );
}
