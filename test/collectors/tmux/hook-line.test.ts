import fc from "fast-check";
import { expect, test } from "vitest";
import { hookEvent, inServerOrder, NO_BEHOLDER, parseHookLine } from "../../../collectors/tmux/hook-line.ts";
import { eventCatalogue } from "../../../store/events/catalogue.ts";

function lineOf(text: string) {
  const parsed = parseHookLine(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.line;
}

test("a captured line of a pane that ended is told in values", () => {
  expect(lineOf("18|13298|1795258399|pane-died|$3|@5|%7||4||ro")).toEqual({
    n: 18,
    server: 13298,
    atSeconds: 1795258399,
    hook: "pane-died",
    session: "$3",
    window: "@5",
    pane: "%7",
    client: null,
    status: 4,
    signal: null,
    name: "ro",
  });
});

test("the name comes last and may hold the separator", () => {
  expect(lineOf('2|1|3|session-created|$1||||||it\'s "q" $(x) a|b ü').name).toBe(`it's "q" $(x) a|b ü`);
  expect(lineOf("2|1|3|session-created|$1||||||a\u2028b").name).toBe("a\u2028b");
  expect(lineOf("25|1|3|client-detached||||/dev/pts/2|||")).toMatchObject({
    client: "/dev/pts/2",
    name: null,
  });
});

test("a line that no hook of ours writes is refused with a reason", () => {
  const bad = [
    "",
    "abc",
    "1|2|3",
    "x|1|3|pane-exited|||%8||||",
    "1|1|3|PANE|||%8||||",
    "1|1|3|a|x|||||||",
    "\0".repeat(9),
  ];
  for (const text of bad) expect(parseHookLine(text).ok, text).toBe(false);
  expect(parseHookLine("1|1|3|pane-exited|||%8||||a\u0007b").ok).toBe(false);
});

test("whatever parses makes an event that the catalogue takes, and nothing throws", () => {
  const field = fc.constantFrom("", "$1", "@2", "%3", "4", "9", "x", "a|b", "/dev/pts/1", "é".repeat(3000));
  const line = fc.tuple(fc.nat(), fc.nat(), fc.nat(), ...Array.from({ length: 8 }, () => field));
  fc.assert(
    fc.property(line, (fields) => {
      const parsed = parseHookLine(fields.join("|"));
      if (!parsed.ok) return;
      const { payload } = hookEvent(parsed.line, "/tmp/s", NO_BEHOLDER);
      eventCatalogue["tmux.hook.fired"].parse(payload);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parseHookLine(text)));
});

test("the event is dated by the server's second and belongs to the session's name", () => {
  const event = hookEvent(lineOf("1|5|1795258399|session-created|$1||||||coder0"), "/tmp/s", {
    ...NO_BEHOLDER,
    agentOf: () => "no",
  });
  expect(event).toMatchObject({
    type: "tmux.hook.fired",
    agent: "coder0",
    source: "tmux-hook",
    occurredAtUs: 1795258399_000_000,
    precision: "s",
    payload: { socket: "/tmp/s", server: 5, n: 1 },
  });
});

test("a line without a name belongs to whom the pane is known to belong to", () => {
  const line = lineOf("1|5|1795258399|pane-exited|||%8||||");
  const agentOf = ({ pane }: typeof line) => (pane === "%8" ? "coder0" : null);
  expect(hookEvent(line, "/tmp/s", { ...NO_BEHOLDER, agentOf }).agent).toBe("coder0");
  expect(hookEvent(line, "/tmp/s", NO_BEHOLDER).agent).toBeNull();
});

test("lines that were written out of order are put back into the order of their server", () => {
  const order = ["3|5|9|a||||||", "1|5|9|a||||||", "1|6|9|a||||||", "2|5|9|a||||||"].map((text) =>
    lineOf(`${text}|`),
  );
  expect(inServerOrder(order).map(({ server, n }) => [server, n])).toEqual([
    [5, 1],
    [5, 2],
    [5, 3],
    [6, 1],
  ]);
});
