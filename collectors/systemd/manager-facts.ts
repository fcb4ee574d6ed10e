import { statSync } from "node:fs";
import { join } from "node:path";
import type { PayloadOf } from "../../store/events/catalogue.ts";
import { bootedAtUs, bootId } from "../proc/stat.ts";

export type ManagerState = PayloadOf<"systemd.manager.changed">;
type Linger = ManagerState["linger"];

export interface MachinePaths {
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Default `/var/lib/systemd/linger`: a file named like the user means that its manager runs without a login. */
  readonly lingerDirectory?: string;
  /** Default `/run/systemd/users`: it is there while logind runs. */
  readonly logindDirectory?: string;
}

/**
 * Whether this user lingers. `loginctl show-user` fails for a user that is neither logged in nor lingering, so the file is
 * the fact. logind makes its directory with the first user that lingers: without it the answer is "no" where logind
 * runs, and not known elsewhere.
 */
export function readLinger(userName: string | null, paths: MachinePaths = {}): Linger {
  if (userName === null || userName === "" || userName.includes("/")) return "unknown";
  const directory = paths.lingerDirectory ?? "/var/lib/systemd/linger";
  const file = exists(join(directory, userName));
  if (file !== "no") return file;
  const made = exists(directory);
  if (made !== "no") return made === "yes" ? "no" : "unknown";
  return exists(paths.logindDirectory ?? "/run/systemd/users") === "yes" ? "no" : "unknown";
}

/**
 * What holds for the whole machine and this user, whether or not a manager answers: a few small files are read. Throws
 * where /proc does not state the boot.
 */
export function readManagerFacts(
  userName: string | null,
  paths: MachinePaths = {},
): Omit<ManagerState, "version"> {
  const procRoot = paths.procRoot ?? "/proc";
  const booted = bootedAtUs(procRoot);
  if (booted === null) throw new Error(`${procRoot}/stat states no btime`);
  return {
    bootId: bootId(procRoot).slice(0, 256),
    bootedAtUs: booted,
    linger: readLinger(userName, paths),
  };
}

function exists(path: string): Linger {
  try {
    statSync(path);
    return "yes";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === "ENOENT" || code === "ENOTDIR" ? "no" : "unknown";
  }
}
