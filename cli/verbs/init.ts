import { lstatSync } from "node:fs";
import { hostname } from "node:os";
import { readWrittenFile, removeFiles, weigh, writeFiles } from "../../agents/apply.ts";
import { RECORDER_UNIT } from "../../agents/fleet-spec.ts";
import { type PlannedCommand, type PlannedFile, planCommands, planFiles } from "../../agents/plan.ts";
import { PROFILES, type Profile, profileRoster } from "../../agents/profiles.ts";
import { isWritten, leftOver, type Written } from "../../agents/written.ts";
import { MAX_ROSTER_BYTES, parseRoster } from "../../collectors/roster/parse.ts";
import { readLinger } from "../../collectors/systemd/manager-facts.ts";
import { FleetError } from "../../store/errors.ts";
import { actorOf } from "../acting/actor.ts";
import { readInstalledLauncher } from "../acting/launcher-file.ts";
import { memoryOf } from "../acting/lifecycle.ts";
import { findNpmBin } from "../acting/npm-bin.ts";
import { createRunner, failureOf } from "../acting/programs.ts";
import { readText } from "../acting/read-text.ts";
import { otherRecorder } from "../acting/recorder-unit.ts";
import { fleetSpecOf } from "../acting/spec.ts";
import { has, type Invocation, textOf } from "../declaration.ts";
import { type Places, resolveNames } from "../environment.ts";
import { EXIT } from "../exit.ts";
import { lookAround } from "../here.ts";
import { openOwnLog } from "../own-log.ts";
import { formatInit, initDocument } from "../render/init.ts";
import { userName } from "../user-name.ts";

/**
 * `fleet init`: the roster, the units, the environment files; known to systemd, started at boot, the recorder running. Done again it
 * writes what follows from a changed roster, and nothing else.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { environment, output } = invocation;
  const here = lookAround(environment);
  const { account, places } = here;
  const dryRun = has(invocation, "dry-run");
  const force = has(invocation, "force");
  refuseForeignHome(places, account.uid);

  const run = createRunner(environment, account);
  const names = resolveNames(environment, { ...account, hostname: hostname() });
  const memory = memoryOf(places.fleetHome);
  const written = readWrittenFile(memory);
  const { files: rosterFiles, text } = rosterWanted(invocation, places, written);
  const roster = parseOrThrow(text, places.roster);
  const spec = fleetSpecOf(roster, {
    account,
    places,
    variables: environment,
    rosterEnvironment: {
      socketName: names.socketOverride,
      heartbeatIntervalSeconds: names.intervalSeconds,
    },
    npmBin: await findNpmBin(run),
  });
  const files = [...rosterFiles, ...planFiles(spec, readInstalledLauncher())];
  const weighed = weigh(files, written, force);
  const gone = leftOver(written, [...files, { path: places.roster }]);
  const lingers = readLinger(userName(account.uid)) === "yes";
  const commands = [...disabling(gone), ...planCommands(spec, { userName: userName(account.uid), lingers })];
  const plan = { weighed, gone, commands, done: [] as string[], administrator: [] as string[] };
  const whose = {
    tenantId: names.tenantOverride ?? roster.tenant_id ?? userName(account.uid),
    host: names.host,
  };
  if (dryRun) {
    output.print(has(invocation, "json") ? initDocument(plan, whose, true) : formatInit(plan, output, true));
    return EXIT.done;
  }

  writeFiles(weighed, memory);
  const removed = removeFiles(gone, memory);
  const own = openOwnLog(environment);
  const actor = actorOf({ own, roster, spec, run, path: environment.PATH });
  try {
    const changed = weighed.filter(({ fate }) => isWritten(fate));
    if (changed.length + removed.length > 0) {
      actor.tell("operator.fleet.initialized", null, {
        verb: "init",
        written: changed.length,
        replaced: weighed.filter(({ fate }) => fate === "replace").length,
        kept: weighed.filter(({ fate }) => fate === "kept").length,
      });
    }
    const other = await otherRecorder(actor);
    for (const command of commands) {
      if (other !== null && command.words.includes("start") && command.words.includes(RECORDER_UNIT)) {
        plan.administrator.push(
          `A recorder runs already outside of its unit: end it (kill ${other}), then: systemctl --user start ${RECORDER_UNIT}`,
        );
        continue;
      }
      const finished = await run(command.words);
      if (finished.code === 0) plan.done.push(command.words.join(" "));
      else if (command.optional)
        plan.administrator.push(`An administrator must run: ${command.words.join(" ")} (${command.what})`);
      else {
        throw new FleetError("unavailable", failureOf(command.words, finished), {
          hint: /connect to (user scope )?bus/i.test(finished.stderr)
            ? `The files are written. Without a user service manager nothing starts: log in with a real session, or let an administrator run: loginctl enable-linger ${userName(account.uid)}. Then run \`fleet init\` again.`
            : "The files are written. Mend this, then run `fleet init` again.",
        });
      }
    }
    output.print(
      has(invocation, "json") ? initDocument(plan, whose, false) : formatInit(plan, output, false),
    );
    return EXIT.done;
  } finally {
    actor.close();
  }
}

/**
 * The roster that is to be in force, and the file to write for it. Without a profile that is the one that is there, which stays its
 * owner's; a profile does not take the place of one that was edited by hand.
 */
function rosterWanted(
  invocation: Invocation,
  places: Places,
  written: Written,
): { readonly files: PlannedFile[]; readonly text: string } {
  const profile = textOf(invocation, "profile");
  const found = readText(places.roster);
  if (profile === undefined) {
    if (found !== null) return { files: [], text: found };
    throw new FleetError("usage", `there is no roster yet (${places.roster})`, {
      hint: `Choose what to begin with: fleet init --profile ${PROFILES.join("|")}`,
    });
  }
  const text = profileRoster(profile as Profile);
  const file: PlannedFile = {
    path: places.roster,
    text,
    mode: 0o600,
    what: "who is in the fleet",
    kind: "data",
  };
  const fate = weigh([file], written, has(invocation, "force"))[0]?.fate;
  return { files: [file], text: fate === "kept" ? (found ?? "") : text };
}

function parseOrThrow(text: string, path: string) {
  const parsed = parseRoster(text.slice(0, MAX_ROSTER_BYTES + 1));
  if (parsed.ok) return parsed.roster;
  const where = parsed.line === null ? path : `${path}:${parsed.line}`;
  const value = parsed.value === null ? "" : `${JSON.stringify(parsed.value)}: `;
  throw new FleetError("config", `${where}: ${value}expected ${parsed.expected}`, {
    hint: "Nothing was changed. Mend that line, then run this again.",
  });
}

/** Agents that have left the roster are not started at boot any longer; those that run are left to `fleet agent stop`. */
function disabling(gone: readonly string[]): PlannedCommand[] {
  const names = gone.flatMap(
    (path) => /\/agents\/([A-Za-z0-9_][A-Za-z0-9_-]{0,63})\.env$/.exec(path)?.[1] ?? [],
  );
  if (names.length === 0) return [];
  const units = names.map((name) => `mosaic-agent@${name}.service`);
  return [{ words: ["systemctl", "--user", "disable", ...units], what: "they are no longer on the roster" }];
}

function refuseForeignHome({ fleetHome }: Places, uid: number): void {
  try {
    const found = lstatSync(fleetHome);
    if (found.uid === uid) return;
    throw new FleetError("config", `${fleetHome} belongs to uid ${found.uid}, not to you (uid ${uid})`, {
      hint: "Run fleet as its owner (one tenant is one user), or set FLEET_HOME to a directory of your own.",
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
