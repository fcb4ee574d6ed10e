import type { ErrorKind, FleetError } from "../store/errors.ts";
import { EXIT } from "./exit.ts";
import { whyForbidden } from "./forbidden.ts";
import { visible } from "./render/text.ts";

/** A failure as the operator meets it: what is wrong, what to do, and the code to leave with. */
export interface Failure {
  readonly problem: string;
  readonly remedy: string | null;
  readonly stack: string | null;
  readonly exit: number;
}

const REMEDIES: Record<ErrorKind, string> = {
  usage: "See `fleet --help`.",
  config: "Correct it and run this again; `fleet doctor` checks the whole setup.",
  unavailable: "Run `fleet doctor` to see what is missing.",
  conflict: "Wait for the other one to finish, then run this again.",
  archive: "Put it back from a backup; `fleet archive --list` names all files.",
  corrupt: "Keep a copy of the file, then restore it from a backup.",
  "too-new": "Update this fleet to at least the version that wrote it.",
};

/**
 * Each verb is bundled on its own and carries its own copy of the class, so `instanceof` would miss errors thrown by
 * another file of the same program: the name and a known kind decide.
 */
export function isFleetError(error: unknown): error is FleetError {
  return error instanceof Error && error.name === "FleetError" && (error as FleetError).kind in REMEDIES;
}

/** What to say about anything that was thrown. The stack of a bug is shown only when FLEET_DEBUG asks for it. */
export function explain(error: unknown, debug: boolean): Failure {
  const stack = debug && error instanceof Error ? stackOf(error) : null;
  if (isFleetError(error)) {
    return {
      problem: visible(error.message),
      remedy: error.hint === undefined ? REMEDIES[error.kind] : visible(error.hint),
      stack,
      exit: error.kind === "usage" ? EXIT.usage : EXIT.failed,
    };
  }
  const known = systemProblem(error);
  if (known !== null) return { ...known, stack, exit: EXIT.failed };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    problem: `internal error, this is a bug in fleet: ${visible(message.split("\n")[0] ?? "")}`,
    remedy: debug
      ? "Please report it with the stack above."
      : "Run it again with FLEET_DEBUG=1 and report what it prints.",
    stack,
    exit: EXIT.failed,
  };
}

/** Failures of the machine that reach us as plain errors from anywhere: a full disk is not a bug. */
function systemProblem(error: unknown): Pick<Failure, "problem" | "remedy"> | null {
  const { code, path, message } = (error ?? {}) as NodeJS.ErrnoException;
  const where = path === undefined ? "" : ` (${visible(path)})`;
  if (code === "ENOSPC" || code === "SQLITE_FULL" || code === "EDQUOT") {
    return {
      problem: `the disk is full${where}`,
      remedy: "Free some space, then run this again; what is in the log is safe.",
    };
  }
  if (code === "EROFS" || code === "SQLITE_READONLY") {
    return {
      problem: `the state directory cannot be written${where}`,
      remedy: "Make it writable, or set FLEET_STATE to one that is.",
    };
  }
  if (code === "EACCES" || code === "EPERM") {
    const why = path === undefined ? null : whyForbidden(path, process.getuid?.() ?? 0);
    return {
      problem: `not permitted: ${visible(message ?? "")}${why === null ? "" : `; ${visible(why.what)}`}`,
      remedy:
        why === null
          ? "Is it this user's, and may it be written there? An attribute (lsattr) or a security policy can forbid it, too."
          : visible(why.remedy),
    };
  }
  if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") {
    return {
      problem: `out of resources: ${visible(message ?? "")}`,
      remedy: "Free memory or file descriptors, then run this again.",
    };
  }
  return null;
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\nCaused by: ${stackOf(error.cause)}` : own;
}

/** The lines for stderr. */
export function failureText({ problem, remedy, stack }: Failure): string {
  const lines = [...(stack === null ? [] : [stack]), `fleet: ${problem}`];
  if (remedy !== null) lines.push(`  ${remedy}`);
  return `${lines.join("\n")}\n`;
}
