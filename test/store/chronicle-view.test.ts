import { expect, test } from "vitest";
import { chronicle } from "../../query/history/chronicler.ts";
import { derive, projections } from "../../query/planes/all.ts";
import { openChronicleView } from "../../store/chronicle-view.ts";
import { T0, vanished } from "./support/events.ts";
import { logBench, testClock } from "./support/log.ts";

const bench = logBench();

test("a reader that stays open finds each line again after another process has rebuilt the log", () => {
  const path = bench.path();
  const log = bench.open(path, { chronicle, derive, projections, clock: testClock() });
  log.append({ source: "tmux", events: [vanished("/tmp/a"), vanished("/tmp/b")] });
  // As after a line that a rebuild has no use for: every id moves on by one.
  const raw = bench.raw(path);
  raw.exec(`UPDATE lines SET line_id = line_id + 100; UPDATE told SET line_id = line_id + 100`);
  const view = openChronicleView(bench.raw(path), 1);
  const socketsNow = () =>
    ["/tmp/a", "/tmp/b"].map((socket) => view.pieces("server", socket, T0 * 2, T0 * 2).length);
  expect(socketsNow()).toEqual([1, 1]);
  bench.open(path, { chronicle, derive, projections, clock: testClock() }).rebuild();
  expect(raw.prepare("SELECT max(line_id) FROM lines").pluck().get()).toBeLessThan(100);
  expect(socketsNow()).toEqual([1, 1]);
});

test("the lines of a family that are read at once are what each is by itself, unless there are too many", () => {
  const path = bench.path();
  const log = bench.open(path, { chronicle, derive, projections, clock: testClock() });
  const sockets = Array.from({ length: 2001 }, (_, n) => `/tmp/${n}`);
  const told = (from: number, to: number) => sockets.slice(from, to).map((socket) => vanished(socket));
  log.append({ source: "tmux", events: told(0, 50) });
  log.append({ source: "tmux", events: told(0, 25) });
  const view = openChronicleView(bench.raw(path), 1);
  const whole = [-Infinity, Infinity] as const;
  const all = view.piecesOf("server", ...whole);
  expect([...(all?.keys() ?? [])].sort()).toEqual(sockets.slice(0, 50).sort());
  for (const socket of sockets.slice(0, 50))
    expect(all?.get(socket)).toEqual(view.pieces("server", socket, ...whole));
  log.append({ source: "tmux", events: told(50, 2000) });
  expect(view.piecesOf("server", T0 * 2, T0 * 2)?.size).toBe(2000);
  log.append({ source: "tmux", events: told(2000, 2001) });
  expect(view.piecesOf("server", T0 * 2, T0 * 2)).toBeNull();
});
