import { existsSync } from "node:fs";
import { printable } from "../printable.ts";
import { type Finished, runProgram } from "../spawn.ts";

/** How tmux is reached. The environment is all that the client gets, so that nothing of ours changes what it says. */
export interface TmuxAccess {
  readonly program: string;
  readonly environment: { readonly PATH: string; readonly HOME: string };
  readonly deadlineMs: number;
}

export type Answer =
  | { readonly state: "answered"; readonly stdout: string }
  /** The client reached a server, or might have, and the list of commands did not end well. */
  | { readonly state: "refused"; readonly stdout: string; readonly complaint: string }
  /** There is no server behind this socket. */
  | { readonly state: "gone"; readonly reason: "no-socket" | "refused" }
  /** Nothing can be said. */
  | { readonly state: "unavailable"; readonly reason: string };

/** Puts a list of commands to the server behind a socket, with one client. It never starts a server. */
export async function askTmux(
  access: TmuxAccess,
  socketPath: string,
  commands: readonly (readonly string[])[],
  signal?: AbortSignal,
): Promise<Answer> {
  const list = commands.flatMap((words, index) => (index === 0 ? words : [";", ...words]));
  const finished = await runProgram({
    program: access.program,
    // Without -u a client outside a UTF-8 locale prints `_` for all that is not ASCII.
    args: ["-u", "-S", socketPath, ...list],
    env: { ...access.environment, LC_ALL: "C.UTF-8" },
    deadlineMs: access.deadlineMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = judgeAnswer(finished, access);
  // tmux words both the same way in some versions; the file itself says which it is.
  return answer.state === "gone" && !existsSync(socketPath) ? { state: "gone", reason: "no-socket" } : answer;
}

/** What the end of a tmux client means. Only a missing socket and a refused connection mean that there is no server. */
export function judgeAnswer(finished: Finished, { program, deadlineMs }: TmuxAccess): Answer {
  if (finished.missing) return unavailable(`${program} is not installed`);
  if (finished.startError !== null) return unavailable(`${program} cannot be run: ${finished.startError}`);
  if (finished.timedOut) return unavailable(`tmux did not answer within ${deadlineMs} ms`);
  if (finished.overflowed) return unavailable("tmux answered more than can be taken in");
  if (finished.aborted) return unavailable("stopped");
  if (finished.code === 0) return { state: "answered", stdout: finished.stdout };
  const complaint = finished.stderr.trim();
  if (/^no server running on /.test(complaint)) return { state: "gone", reason: "refused" };
  if (/^error connecting to .* \(Connection refused\)$/.test(complaint))
    return { state: "gone", reason: "refused" };
  if (/^error connecting to .* \(No such file or directory\)$/.test(complaint)) {
    return { state: "gone", reason: "no-socket" };
  }
  const how = finished.signal === null ? `status ${finished.code}` : `signal ${finished.signal}`;
  return {
    state: "refused",
    stdout: finished.stdout,
    complaint: complaint === "" ? `tmux ended with ${how}` : printable(complaint, 200),
  };
}

function unavailable(reason: string): Answer {
  return { state: "unavailable", reason };
}
