import { spawn } from "node:child_process";
import { lookAtPane, type PaneId } from "./pane/pane.ts";
import {
  giveBackCommands,
  type Held,
  heldFrom,
  holdCommands,
  leavesAlone,
  WINDOW_SIZE_MARK,
} from "./window-size.ts";

export interface AttachOptions {
  readonly pane: PaneId;
  readonly session: string;
  /** TERM, LANG and the like of the terminal; tmux's own variables must not be in it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Let the window have the terminal's size meanwhile. */
  readonly resize: boolean;
  readonly signal: AbortSignal;
}

/**
 * How it ended: by the person, because the session or its server did, because this command was told to end, or the tmux client: killed
 * under the person's hands, or never able to join (a terminal that tmux cannot use).
 */
export type Left = "detached" | "ended" | "interrupted" | "killed" | "failed";

/**
 * Joins this terminal to an agent's session until the person leaves. The window's size is fixed before the client comes, because
 * tmux otherwise gives it the newest client's and never gives it back. What was there before is kept in the server, which gives it
 * back itself when the last client has gone: also when nothing of this program lives to do so.
 */
export async function attachTo(options: AttachOptions): Promise<Left> {
  const { pane, session, environment, resize, signal } = options;
  const look = await lookAtPane(pane);
  if (look.state !== "pane") return "ended";
  const { window } = look;
  const option = async (name: string): Promise<string> => {
    const answer = await pane.server.ask([["show-options", "-wqv", "-t", window, name]]);
    return answer.state === "answered" ? answer.stdout.trim() : "";
  };
  // Where another terminal is joined already, what was there before it is what matters.
  const earlier = heldFrom(await option(WINDOW_SIZE_MARK));
  const now: Held = { option: await option("window-size"), width: look.width, height: look.height };
  const held = earlier ?? now;
  const isHeld = earlier !== null || !leavesAlone(now, resize);
  if (isHeld) await pane.server.ask(holdCommands(window, held, { resize, isFirst: earlier === null }));
  let left: ClientEnd;
  try {
    left = await client(
      ["-u", "-S", pane.server.socketPath, "attach-session", "-t", `=${session}`],
      environment,
      signal,
    );
  } finally {
    if (isHeld) await pane.server.ask(giveBackCommands(window, held));
  }
  const after = await lookAtPane(pane);
  if (after.state !== "pane" || after.dead) return "ended";
  if (signal.aborted) return "interrupted";
  if (left.signal !== null) return "killed";
  return left.code === 0 ? "detached" : "failed";
}

interface ClientEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

function client(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ClientEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn("tmux", [...args], { env: { ...env }, stdio: "inherit" });
    // A hang-up is how a terminal goes: the client then leaves the terminal as it found it.
    const leave = (): void => void child.kill("SIGHUP");
    signal.addEventListener("abort", leave, { once: true });
    child.on("error", reject);
    child.on("close", (code, by) => {
      signal.removeEventListener("abort", leave);
      resolve({ code, signal: by });
    });
  });
}
