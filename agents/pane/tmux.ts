import { run } from "./run.ts";

/** One tmux server, reached by short-lived clients that are given nothing of our own environment. */
export interface TmuxServer {
  readonly socketPath: string;
  /** Puts a list of commands to the server with one client, so that nothing happens between them. Never starts a server. */
  ask(commands: readonly (readonly string[])[], options?: AskOptions): Promise<TmuxAnswer>;
}

export interface AskOptions {
  readonly stdin?: string;
  readonly deadlineMs?: number;
}

export type TmuxAnswer =
  | { readonly state: "answered"; readonly stdout: string }
  /** A target that is not there: a session, or a pane that went. */
  | { readonly state: "missing"; readonly because: string }
  | { readonly state: "no-server"; readonly because: string }
  /** Nothing can be said: it did not answer in time, or said something that is not understood. */
  | { readonly state: "no-answer"; readonly because: string };

const DEADLINE_MS = 5000;

export function tmuxServer(
  socketPath: string,
  environment: { readonly PATH: string; readonly HOME: string },
): TmuxServer {
  return {
    socketPath,
    async ask(commands, { stdin, deadlineMs = DEADLINE_MS } = {}) {
      const words = commands.flatMap((command, index) => (index === 0 ? command : [";", ...command]));
      const ended = await run({
        program: "tmux",
        // -u: without it a client outside of a UTF-8 locale prints `_` for all that is not ASCII.
        args: ["-u", "-S", socketPath, ...words],
        env: { ...environment, LC_ALL: "C.UTF-8" },
        ...(stdin === undefined ? {} : { stdin }),
        deadlineMs,
      });
      if (ended.failure !== null)
        return { state: "no-answer", because: `tmux cannot be run: ${ended.failure}` };
      if (ended.timedOut)
        return { state: "no-answer", because: `tmux did not answer within ${deadlineMs} ms` };
      if (ended.code === 0) return { state: "answered", stdout: ended.stdout };
      return complaint(ended.stderr);
    },
  };
}

function complaint(stderr: string): TmuxAnswer {
  const because = stderr.split("\n")[0]?.slice(0, 200) ?? "";
  if (
    /^no server running|^error connecting to .*(?:refused|No such file)|^server exited|^lost server/.test(
      because,
    )
  ) {
    return { state: "no-server", because };
  }
  if (/^can't find /.test(because)) return { state: "missing", because };
  return { state: "no-answer", because: because === "" ? "tmux ended without a word" : because };
}
