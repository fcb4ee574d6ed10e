import { describe, expect, test } from "vitest";
import { storing } from "../../store/failure.ts";
import { verifyLog } from "../../store/verify.ts";
import { startProcess } from "./support/child.ts";
import { beat } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();

test("a file that may not grow any more (quota, limit): said clearly, and what was acknowledged is there", async () => {
  const path = bench.path();
  bench.open(path).close();
  // In blocks of 512 bytes; the signal that comes with it would end the process before it could speak.
  const child = startProcess("append-until-full.ts", [path], { shell: "trap '' XFSZ; ulimit -f 2000" });
  const { stdout } = await child.finished();
  const lines = stdout.trim().split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual({
    kind: "unavailable",
    message: expect.stringContaining(`${path}: the disk refused`),
    hint: expect.stringContaining("quota"),
  });
  const acknowledged = Number(lines.at(-2)?.split(" ")[1]);
  expect(acknowledged).toBeGreaterThan(100);
  expect(bench.read(path).lastSeq()).toBe(acknowledged);
  expect(verifyLog(path)).toMatchObject({ ok: true, events: acknowledged });
  const log = bench.open(path);
  expect(log.cursor("c")).toBe(String(acknowledged));
  expect(log.append({ source: "heartbeat", events: [beat("a")] })).toMatchObject({ count: 1 });
});

test("a disk with no room at all, which SQLite needs to read a log that nobody has open: said as that, with what is enough", async () => {
  const path = bench.path();
  bench.open(path).close();
  const child = startProcess("read-log.ts", [path], { shell: "trap '' XFSZ; ulimit -f 8" });
  const { stdout } = await child.finished();
  expect(JSON.parse(stdout)).toEqual({
    kind: "unavailable",
    message: expect.stringMatching(/fleet\.db: the disk is full: .* 32 KiB/),
    hint: expect.stringContaining("64 KiB are enough"),
  });
});

describe("what SQLite says becomes an error that names the file and what to do:", () => {
  test("a full disk", () => {
    const path = bench.path();
    const database = bench.raw(path);
    database.exec("CREATE TABLE t (a)");
    database.pragma("max_page_count = 3");
    const fill = () => storing(path, () => database.exec("INSERT INTO t VALUES (zeroblob(100000))"));
    expect(fill).toThrow(
      expect.objectContaining({
        name: "FleetError",
        kind: "unavailable",
        message: `${path}: the disk is full`,
      }),
    );
  });

  test("a bug of ours stays a bug", () => {
    const bug = () => storing("/x", () => bench.raw(bench.path()).exec("SELECT nonsense"));
    expect(bug).toThrow(expect.objectContaining({ name: "SqliteError", code: "SQLITE_ERROR" }));
    expect(() =>
      storing("/x", () => {
        throw new TypeError("other");
      }),
    ).toThrow(TypeError);
  });
});
