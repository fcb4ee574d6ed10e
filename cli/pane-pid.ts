import { join } from "node:path";
import { askTmux } from "../collectors/tmux/ask.ts";
import { FleetError } from "../store/errors.ts";
import { DEFAULT_SOCKET_NAME, type Names, type Variables } from "./environment.ts";

/** The process of a tmux pane, by the pane's id. */
export async function panePidOf(
  pane: string,
  socket: string | undefined,
  variables: Variables,
  names: Names,
): Promise<number> {
  // Only an id: tmux expands and runs what stands in `#(...)` of a name.
  if (!/^%\d{1,9}$/.test(pane)) {
    throw new FleetError("usage", `--pane ${JSON.stringify(pane.slice(0, 80))} is not the id of a pane`, {
      hint: "A pane's id is % and a number; `fleet ps` shows it.",
    });
  }
  const name = socket ?? names.socketOverride ?? DEFAULT_SOCKET_NAME;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name)) {
    throw new FleetError("usage", `--socket ${JSON.stringify(name.slice(0, 80))} is not a socket's name`, {
      hint: "Give the name after `tmux -L`.",
    });
  }
  const access = {
    program: "tmux",
    environment: { PATH: variables.PATH ?? "/usr/local/bin:/usr/bin:/bin", HOME: variables.HOME ?? "/" },
    deadlineMs: 2000,
  };
  const answer = await askTmux(access, join(names.tmuxDirectory, name), [
    ["display-message", "-p", "-t", pane, "#{pane_id} #{pane_pid}"],
  ]);
  const [id, pid] = answer.state === "answered" ? answer.stdout.trim().split(" ") : [];
  if (id === pane && /^[1-9]\d*$/.test(pid ?? "")) return Number(pid);
  throw new FleetError("unavailable", `tmux ${name} knows no pane ${pane}`, {
    hint: "`fleet ps` shows which panes there are; name their server with --socket.",
  });
}
