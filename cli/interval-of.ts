import { declarationsOf } from "../collectors/roster/declarations.ts";
import { FleetError } from "../store/errors.ts";
import { DEFAULT_INTERVAL_SECONDS, type Names } from "./environment.ts";
import { readRosterFile } from "./roster-file.ts";

/** Seconds between the beats of one agent, as its declaration has it: given, agent's, roster's, environment's, 15. */
export function intervalOf(
  name: string,
  given: string | undefined,
  rosterPath: string,
  { socketOverride, intervalSeconds }: Names,
): number {
  if (given !== undefined) return secondsOf(given);
  const parsed = readRosterFile(rosterPath);
  const environment = { socketName: socketOverride, heartbeatIntervalSeconds: intervalSeconds };
  const declared = parsed?.ok ? declarationsOf(parsed.roster, environment) : [];
  const own = declared.find((one) => one.name === name)?.declaration;
  return own?.intervalSeconds ?? intervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.05 && seconds <= 86_400) return seconds;
  throw new FleetError(
    "usage",
    `--interval ${JSON.stringify(text.slice(0, 80))} is not a number of seconds`,
    {
      hint: "Give seconds from 0.05 to 86400.",
    },
  );
}
