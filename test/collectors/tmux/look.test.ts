import fc from "fast-check";
import { expect, test } from "vitest";
import { FLEET_HOOKS } from "../../../collectors/tmux/hooks.ts";
import { onePerPane, parseLook, signalNumber } from "../../../collectors/tmux/look.ts";

const ONES = "1".repeat(FLEET_HOOKS.length);
const SERVER = `s|7925|3.3a|..|${ONES}|0123456789abcdef`;
// Captured from tmux 3.3a: a living pane, one that ended with status 4, one that signal 9 ended.
const PANES = [
  "p|$0|@0|%0|7926|0||||1795257878|1795257870|00|a b",
  "p|$3|@5|%7|7990|1|4||1795257880|1795257879|1795257871|00|we|ird",
  "p|$4|@6|%8|7991|1||9|1795257881|1795257879|1795257871|11|_holder",
];
const CLIENT = "c|13615|$0|1|0|/dev/pts/2";

test("an answer of tmux 3.3a is told in values", () => {
  const look = parseLook([SERVER, CLIENT, ...PANES, ""].join("\n"));
  if (!look.ok) throw new Error(look.reason);
  expect(look.server).toEqual({ pid: 7925, version: "3.3a" });
  expect(look).toMatchObject({ sessions: 2, owner: "0123456789abcdef" });
  expect(look.hooked).toEqual(FLEET_HOOKS.map(() => true));
  expect(look.panes[0]).toEqual({
    session: "$0",
    window: "@0",
    pane: "%0",
    pid: 7926,
    dead: false,
    status: null,
    signal: null,
    diedAtSeconds: null,
    activitySeconds: 1795257878,
    createdSeconds: 1795257870,
    viewer: false,
    name: "a b",
  });
  expect(look.panes[1]).toMatchObject({
    dead: true,
    status: 4,
    signal: null,
    diedAtSeconds: 1795257880,
    name: "we|ird",
  });
  expect(look.panes[2]).toMatchObject({ dead: true, status: null, signal: 9 });
  expect(look.clients).toEqual([
    { pid: 13615, session: "$0", readOnly: true, control: false, client: "/dev/pts/2" },
  ]);
});

test("a server without sessions is a server", () => {
  const look = parseLook(`s|7925|3.3a||${"0".repeat(FLEET_HOOKS.length)}|\n`);
  expect(look).toMatchObject({ ok: true, sessions: 0, panes: [], clients: [], owner: "" });
});

test("an older tmux without the format for hooks has none of them", () => {
  const look = parseLook(["s|1|3.0|.||", PANES[0]].join("\n"));
  expect(look).toMatchObject({ ok: true, hooked: FLEET_HOOKS.map(() => false) });
});

test("one line that does not parse spoils the look: what it hid would seem to be gone", () => {
  for (const bad of ["p|$0|@0|%0|7926", "p|x|@0|%0|1|0|||||1|00|n", "hello", "c|1", SERVER, "\u0000"]) {
    expect(parseLook([SERVER, ...PANES, bad].join("\n"))).toMatchObject({ ok: false, line: bad });
  }
  expect(parseLook(PANES.join("\n"))).toMatchObject({
    ok: false,
    reason: "the server's own line is missing",
  });
});

test("an answer that was cut before the panes is not taken for a server without panes", () => {
  expect(parseLook(`${SERVER}\n`)).toMatchObject({ ok: false, reason: /listed no pane/ });
});

test("a name with Unicode line separators is a name", () => {
  const look = parseLook([SERVER, "p|$0|@0|%0|1|0||||1|1|00|a\u2028b\u2029c\u0085d"].join("\n"));
  expect(look).toMatchObject({ ok: true, panes: [{ name: "a\u2028b\u2029c\u0085d" }] });
});

test("any session name comes back as it was, whatever is in it", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).map((text) => text.replaceAll(/[\n\r]/g, "?"));
  fc.assert(
    fc.property(name, (text) => {
      const look = parseLook([SERVER, `p|$0|@0|%0|7926|0||||1|1|00|${text}`].join("\n"));
      expect(look).toMatchObject({ ok: true, panes: [{ name: text.slice(0, 2048) }] });
    }),
  );
});

test("nothing makes the parser throw", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseLook(text)));
});

test("a pane shared by sessions is told of its owner: not of a viewer, else of the oldest session", () => {
  const look = parseLook(
    [
      SERVER,
      "p|$9|@0|%0|1|0||||1|1|11|agent",
      "p|$1|@0|%0|1|0||||1|1|10|agent-watch-77",
      "p|$8|@3|%4|2|0||||1|1|00|linked",
      "p|$2|@3|%4|2|0||||1|1|00|first",
    ].join("\n"),
  );
  if (!look.ok) throw new Error(look.reason);
  expect(onePerPane(look.panes).map(({ pane, name }) => [pane, name])).toEqual([
    ["%0", "agent"],
    ["%4", "first"],
  ]);
  expect(onePerPane([...look.panes].reverse()).map(({ name }) => name)).toEqual(["first", "agent"]);
});

test("a viewer that outlived its agent's session is what is left, and is told", () => {
  const look = parseLook([SERVER, "p|$1|@0|%0|1|0||||1|1|10|agent-watch-77"].join("\n"));
  if (!look.ok) throw new Error(look.reason);
  expect(onePerPane(look.panes)).toMatchObject([{ name: "agent-watch-77" }]);
});

test("a signal may be a number or a name", () => {
  expect(signalNumber("9")).toBe(9);
  expect(signalNumber("KILL")).toBe(9);
  expect(signalNumber("sigterm")).toBe(15);
  expect(signalNumber("")).toBeNull();
  expect(signalNumber("nonsense")).toBeNull();
});
