import { journalctlEnvironment, probeJournal } from "../../collectors/journal/journalctl.ts";
import { runProgram } from "../../collectors/spawn.ts";
import { readLinger } from "../../collectors/systemd/manager-facts.ts";
import { createSystemctl } from "../../collectors/systemd/systemctl.ts";
import { askTmux } from "../../collectors/tmux/ask.ts";
import type { TmuxSocket } from "../../collectors/tmux/sockets.ts";
import type { Variables } from "../environment.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** No program that is asked may hold the doctor up longer than this. */
const DEADLINE_MS = 3000;

export async function checkTmux(environment: { PATH: string; HOME: string }): Promise<Finding> {
  const asked = await runProgram({
    program: "tmux",
    args: ["-V"],
    env: environment,
    deadlineMs: DEADLINE_MS,
  });
  if (asked.missing)
    return fail("tmux", "tmux is not installed", "Install it: apt-get install tmux (or your system's way).");
  const version = /^tmux (?:next-)?(\d+)\.(\d+)/.exec(asked.stdout);
  if (version === null)
    return fail("tmux", `tmux -V did not say a version (${asked.stderr.trim()})`, "Reinstall tmux.");
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major < 3 || (major === 3 && minor < 2)) {
    return fail(
      "tmux",
      `${asked.stdout.trim()} is too old`,
      "Install tmux 3.2 or newer: older ones lack the hooks and formats.",
    );
  }
  return ok("tmux", asked.stdout.trim());
}

export async function checkSocket(
  socket: TmuxSocket,
  environment: { PATH: string; HOME: string },
): Promise<Finding> {
  const check = `tmux socket ${socket.name}`;
  const access = { program: "tmux", environment, deadlineMs: DEADLINE_MS };
  const answer = await askTmux(access, socket.path, [["display-message", "-p", "#{pid}"]]);
  if (answer.state === "answered") return ok(check, `server ${answer.stdout.trim()} answers`);
  if (answer.state === "gone") {
    return warn(
      check,
      `no server runs on ${socket.path}`,
      "Start the fleet; if it runs elsewhere, see tmux.socket_name in the roster and TMUX_TMPDIR.",
    );
  }
  const reason = answer.state === "refused" ? answer.complaint : answer.reason;
  return fail(
    check,
    `${socket.path}: ${reason}`,
    `See what its server does: pgrep -af "tmux.*${socket.name}"`,
  );
}

export async function checkSystemd(
  variables: Variables,
  account: { uid: number; userName: string; runtimeDirectory: string },
): Promise<Finding[]> {
  const systemctl = createSystemctl({
    environment: variables,
    runtimeDirectory: account.runtimeDirectory,
    deadlineMs: DEADLINE_MS,
  });
  const version = await systemctl.version();
  const manager = version.ok
    ? ok("systemd", `the user manager answers (${version.value})`)
    : warn(
        "systemd",
        version.reason,
        `Without it units and boot gaps are unknown. Log in with a real session, or: loginctl enable-linger ${account.userName}`,
      );
  const linger = readLinger(account.userName);
  const lingering =
    linger === "yes"
      ? ok("linger", `${account.userName} lingers: the fleet outlives your login`)
      : linger === "no"
        ? warn(
            "linger",
            "the user manager ends with your last login",
            `Run: loginctl enable-linger ${account.userName}`,
          )
        : warn(
            "linger",
            "whether this user lingers is not known",
            "logind does not run here; nothing starts the fleet at boot.",
          );
  return [manager, lingering];
}

export async function checkJournal(variables: Variables, uid: number, nowUs: number): Promise<Finding> {
  const journalctl = {
    program: "journalctl",
    env: journalctlEnvironment(variables),
    uid,
    deadlineMs: DEADLINE_MS,
  };
  const from = { at: "since", sinceUs: nowUs - 60e6, unreadable: 0 } as const;
  const probe = await probeJournal(journalctl, from, nowUs, AbortSignal.timeout(DEADLINE_MS + 1000));
  if (probe.state === "unavailable") {
    return warn(
      "journal",
      probe.reason,
      "Without it the reasons of unit failures are missing; everything else works.",
    );
  }
  return ok("journal", "the journal of this user can be read");
}
