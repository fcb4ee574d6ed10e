import { openExistingLog } from "../existing-log.ts";
import { liveRecorder } from "../present.ts";
import type { Actor } from "./actor.ts";

/** The recorder that runs by itself, outside of our unit: the unit must not be started beside it. Null where there is none. */
export async function otherRecorder(actor: Pick<Actor, "own" | "run">): Promise<number | null> {
  const reader = openExistingLog(actor.own.here);
  if (reader === null) return null;
  let pid: number | undefined;
  try {
    pid = liveRecorder(reader)?.pid;
  } finally {
    reader.close();
  }
  if (pid === undefined) return null;
  const shown = await actor.run(
    ["systemctl", "--user", "show", "-p", "MainPID", "--", "fleet-recorder.service"],
    10_000,
  );
  return shown.stdout.trim() === `MainPID=${pid}` ? null : pid;
}

export async function isRecorderOurs(actor: Pick<Actor, "own" | "run">): Promise<boolean> {
  return (await otherRecorder(actor)) === null;
}
