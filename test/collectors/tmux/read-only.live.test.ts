import { afterEach, beforeEach, expect, test } from "vitest";
import { HOOK_SLOT } from "../../../collectors/tmux/hooks.ts";
import { until } from "../../support/collecting.ts";
import { createTmuxHome, type TmuxHome, type TmuxServer } from "./tmux-server.ts";
import { watching } from "./watching.ts";

let home: TmuxHome;
let server: TmuxServer;

beforeEach(() => {
  home = createTmuxHome();
  server = home.socket();
});
afterEach(() => home.remove());

/** Everything that a watcher could change by being careless, without our own marks. */
function stateOf(one: TmuxServer): Record<string, string> {
  const options = [
    ["-s"],
    ["-g"],
    ["-gw"],
    ["-t", "=coder0:"],
    ["-w", "-t", "=coder0:"],
    ["-p", "-t", "=coder0:"],
  ];
  const told = options.map(
    (scope) => [`options ${scope.join(" ")}`, one.run("show-options", ...scope)] as const,
  );
  const hooks = [["-g"], ["-gw"]].map(
    (scope) => [`hooks ${scope}`, one.run("show-hooks", ...scope)] as const,
  );
  const withoutMarks = (text: string): string =>
    text
      .split("\n")
      // An empty array of hooks is listed by its bare name, one with something in it by its elements.
      .filter((line) => line.includes(" ") && !line.startsWith("@fleet_") && !line.includes(`[${HOOK_SLOT}]`))
      .join("\n");
  const formats =
    "#{window_width}x#{window_height} #{pane_width}x#{pane_height} #{session_activity} #{session_attached} #{pane_in_mode}";
  return {
    ...Object.fromEntries([...told, ...hooks].map(([what, text]) => [what, withoutMarks(text)])),
    environment: one.run("show-environment", "-g"),
    panes: one.run(
      "list-panes",
      "-a",
      "-F",
      `#{pane_id} #{pane_pid} ${formats} #{cursor_x},#{cursor_y} #{history_size} #{alternate_on}`,
    ),
    clients: one.run("list-clients"),
    buffers: one.run("list-buffers"),
    picture: one.run("capture-pane", "-p", "-e", "-S", "-", "-t", "=coder0:"),
  };
}

test("watching changes nothing but its own hooks and options: no size, no screen, no activity, no setting", async () => {
  server.run(
    "new-session",
    "-d",
    "-s",
    "coder0",
    "-x",
    "132",
    "-y",
    "43",
    `printf 'hello\\033[31mred\\033[0m'; trap 'echo resized' WINCH; while read -r x; do echo "$x"; done`,
  );
  server.run("new-session", "-d", "-s", "other", "exec sleep 1000");
  await until("drawn", () => server.run("capture-pane", "-p", "-t", "=coder0:").includes("hellored"));
  const before = stateOf(server);
  // Activity counts in whole seconds: a change must have time to show.
  const since = Date.now();
  const watch = await watching(home, [server], { tickMs: 50, sweepMs: 25 });
  const looks = watch.log.snapshots(server.path).length;
  await until(
    "watched for more than a second",
    () => Date.now() - since > 1600 && watch.log.batches.length > looks + 10,
  );
  expect(stateOf(server)).toEqual(before);
  await watch.stop();
  expect(stateOf(server)).toEqual(before);
});

test("what the hooks do leaves the panes of new sessions and their screens as they are", async () => {
  server.run("new-session", "-d", "-s", "base", "exec sleep 1000");
  const watch = await watching(home, [server]);
  for (let round = 0; round < 5; round++)
    server.run("new-session", "-d", "-s", `s${round}`, "exec sleep 1000");
  await until(
    "told",
    () => watch.log.hookLines().filter((line) => line.startsWith("session-created")).length === 5,
  );
  const panes = server
    .run("list-panes", "-a", "-F", "#{pane_in_mode}|#{history_size}|#{cursor_x}|#{cursor_y}")
    .split("\n");
  expect(new Set(panes)).toEqual(new Set(["0|0|0|0"]));
  await watch.stop();
});
