import { expect, test } from "vitest";
import {
  giveBackCommands,
  type Held,
  heldFrom,
  holdCommands,
  leavesAlone,
} from "../../agents/window-size.ts";

const held: Held = { option: "smallest", width: 200, height: 50 };
const words = (commands: readonly (readonly string[])[]): string =>
  commands.map((one) => one.join(" ")).join("\n");

test("what was held is read from the mark as it was written, and nothing from what is none", () => {
  const mark = holdCommands("@3", held, { resize: false, isFirst: true })[0]?.at(-1) ?? "";
  expect(heldFrom(mark)).toEqual(held);
  const inherited = { ...held, option: "" };
  expect(heldFrom(holdCommands("@3", inherited, { resize: true, isFirst: true })[0]?.at(-1) ?? "")).toEqual(
    inherited,
  );
  for (const text of ["", "smallest", "200x50", "x; kill-server 1x1"]) expect(heldFrom(text)).toBeNull();
  // A policy that tmux does not have is not put back.
  expect(heldFrom("killserver 1x1")).toEqual({ option: "", width: 1, height: 1 });
});

test("a window that keeps its size anyway is left alone, unless it is to have the terminal's", () => {
  expect(leavesAlone({ ...held, option: "manual" }, false)).toBe(true);
  expect(leavesAlone({ ...held, option: "manual" }, true)).toBe(false);
  expect(leavesAlone(held, false)).toBe(false);
});

test("only the first who comes writes down what was there, and a second one leaves the first one's size to it", () => {
  expect(words(holdCommands("@3", held, { resize: false, isFirst: true }))).toContain(
    "client-detached[100003]",
  );
  expect(holdCommands("@3", held, { resize: false, isFirst: false })).toEqual([]);
  expect(holdCommands("@3", held, { resize: true, isFirst: false })).toEqual([
    ["set-option", "-w", "-t", "@3", "window-size", "latest"],
  ]);
});

test("what is given back is the window's own option, or none where it had none, with its size before it", () => {
  expect(words(giveBackCommands("@3", held))).toContain(
    "resize-window -t @3 -x 200 -y 50 ; set-option -w -t @3 window-size smallest ; set-option -w -t @3 -u @fleet_window_size",
  );
  expect(words(giveBackCommands("@3", { ...held, option: "" }))).toContain(
    "set-option -w -t @3 -u window-size",
  );
});

test("what is no id of a window reaches no command", () => {
  for (const window of ["", "3", "@", "@3;kill-server", "=coder0:"])
    expect(() => giveBackCommands(window, held)).toThrow(TypeError);
});
