import { spawn } from "node:child_process";
import { lookAtPane, type PaneId } from "./pane/pane.ts";

export interface AttachOptions {
  readonly pane: PaneId;
  readonly session: string;
  /** TERM, LANG and the like of the terminal; tmux's own variables must not be in it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Let the window have the terminal's size meanwhile. */
  readonly resize: boolean;
  readonly signal: AbortSignal;
}

/** How it ended: by the person, or because the session or its server did. */
export type Left = "detached" | "ended" | "interrupted";

/**
 * Joins this terminal to an agent's session until the person leaves. The window's size is fixed before the client comes, because
 * tmux otherwise gives it the newest client's and never gives it back; what was fixed for this is let go afterwards.
 */
export async function attachTo(options: AttachOptions): Promise<Left> {
  const { pane, session, environment, resize, signal } = options;
  const look = await lookAtPane(pane);
  if (look.state !== "pane") return "ended";
  const window = ["-w", "-t", look.window];
  const own = await pane.server.ask([["show-options", ...window, "-v", "window-size"]]);
  const fixed = own.state === "answered" && own.stdout.trim() === "manual";
  const size = ["-x", String(look.width), "-y", String(look.height)];
  if (resize) await pane.server.ask([["set-option", ...window, "window-size", "latest"]]);
  else if (!fixed) await pane.server.ask([["set-option", ...window, "window-size", "manual"]]);
  try {
    await client(
      ["-u", "-S", pane.server.socketPath, "attach-session", "-t", `=${session}`],
      environment,
      signal,
    );
  } finally {
    // resize-window fixes the size as well, so that no client but this one has to be gone.
    if (resize) await pane.server.ask([["resize-window", "-t", look.window, ...size]]);
    if (!fixed) await pane.server.ask([["set-option", ...window, "-u", "window-size"]]);
  }
  const after = await lookAtPane(pane);
  if (after.state !== "pane" || after.dead) return "ended";
  return signal.aborted ? "interrupted" : "detached";
}

function client(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("tmux", [...args], { env: { ...env }, stdio: "inherit" });
    // A hang-up is how a terminal goes: the client then leaves the terminal as it found it.
    const leave = (): void => void child.kill("SIGHUP");
    signal.addEventListener("abort", leave, { once: true });
    child.on("error", reject);
    child.on("close", () => {
      signal.removeEventListener("abort", leave);
      resolve();
    });
  });
}
