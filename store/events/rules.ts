import { z } from "zod";
import { count, instantUs } from "./text.ts";

export const rulesEvents = {
  /** Verdicts of what was so from `fromUs` on are judged by this version of the rules, until another one is adopted. */
  "rules.adopted": z.strictObject({ version: count, fromUs: instantUs }),
} as const;
