import { existsSync, lstatSync, statfsSync, statSync } from "node:fs";
import { checkFiles } from "../../store/archive/check-files.ts";
import { FleetError } from "../../store/errors.ts";
import type { Places } from "../environment.ts";
import { openExistingLog } from "../existing-log.ts";
import { liveRecorder } from "../present.ts";
import { formatMoment } from "../render/moment.ts";
import { readRosterFile } from "../roster-file.ts";
import { stateDirectoryExists } from "../state-directory.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** With less than this a busy fleet fills the disk within days. */
const LITTLE_BYTES = 256 * 1024 * 1024;

export function checkState(places: Places, uid: number): Finding[] {
  const check = "state directory";
  const directory = places.stateDirectory;
  try {
    if (!stateDirectoryExists(places, uid)) {
      return [ok(check, `${directory} is not there yet; it is made at the first look`)];
    }
  } catch (error) {
    const hint = error instanceof FleetError ? error.hint : undefined;
    return [fail(check, (error as Error).message, hint ?? "Set FLEET_STATE to a directory of your own.")];
  }
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const megabytes = `${Math.floor(free / 1024 / 1024)} MB free`;
  const room =
    free < LITTLE_BYTES
      ? warn(check, `${directory}: only ${megabytes}`, "Make room, or move the state: FLEET_STATE.")
      : ok(check, `${directory}, ${megabytes}`);
  return [room, ...checkLog(places)];
}

function checkLog(places: Places): Finding[] {
  try {
    const reader = openExistingLog({ hasStateDirectory: true, places });
    if (reader === null) {
      return [
        warn("log", "nothing has been recorded yet", "Run `fleet record`, or `fleet ps` for one look."),
      ];
    }
    try {
      const { tenantId, host } = reader.identity();
      const recorder = liveRecorder(reader);
      return [
        ok("log", `${reader.lastSeq()} events of ${tenantId}@${host}`),
        ...checkArchive(places.database),
        recorder === null
          ? warn(
              "recorder",
              "none runs: what happens now is not remembered",
              "Run `fleet record` (in tmux, or as a user service).",
            )
          : ok("recorder", `process ${recorder.pid} since ${formatMoment(recorder.sinceUs)}`),
      ];
    } finally {
      reader.close();
    }
  } catch (error) {
    const hint = error instanceof FleetError ? error.hint : undefined;
    return [fail("log", (error as Error).message, hint ?? "Keep a copy of it, then see docs/operating.md.")];
  }
}

/** Nothing where nothing was archived. */
function checkArchive(database: string): Finding[] {
  const files = checkFiles(database);
  if (files.length === 0) return [];
  const lost = files.flatMap((file) => (file.lost === null ? [] : [file.lost]));
  if (lost.length === 0) return [ok("archive", `${files.length} files; \`fleet verify\` reads them whole`)];
  return lost.map(({ message, hint }) =>
    fail("archive", message, hint ?? "Put it back from a backup; `fleet archive --list` names all files."),
  );
}

export function checkRoster(path: string): Finding {
  if (!existsSync(path)) {
    return warn(
      "roster",
      `${path} is not there`,
      "Write one (examples/ has profiles): without it nothing says which agents should run.",
    );
  }
  const roster = readRosterFile(path);
  if (roster === null)
    return fail("roster", `${path} cannot be read`, "Make it a readable file of at most 1 MB.");
  if (roster.ok) return ok("roster", `${path}: ${roster.roster.agents.length} agents`);
  const value = roster.value === null ? "" : `${JSON.stringify(roster.value)}: `;
  const where = roster.line === null ? path : `${path}:${roster.line}`;
  return fail(
    "roster",
    `${where}: ${value}expected ${roster.expected}`,
    "Mend that line; until then the last good roster stays in force.",
  );
}

export function checkRunDirectory(path: string, uid: number): Finding {
  const check = "heartbeats";
  if (!existsSync(path)) {
    return warn(
      check,
      `${path} is not there`,
      "It is made by the first agent that beats; see MOSAIC_HEARTBEAT_RUN_DIR.",
    );
  }
  const found = statSync(path);
  if (!found.isDirectory()) return fail(check, `${path} is not a directory`, "Move that file away.");
  if (found.uid !== uid || lstatSync(path).uid !== uid) {
    return fail(
      check,
      `${path} belongs to uid ${found.uid}, so what is in it is not believed`,
      "Give it to this user, or set MOSAIC_HEARTBEAT_RUN_DIR.",
    );
  }
  if ((found.mode & 0o022) !== 0) {
    return warn(
      check,
      `${path} can be written by others, who could beat for your agents`,
      `Run: chmod 700 ${path}`,
    );
  }
  return ok(check, path);
}
