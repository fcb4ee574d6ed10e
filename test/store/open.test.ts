import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { startProcess } from "./support/child.ts";
import { beat } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("the file", () => {
  test("is private from its first moment on, and so is all that stands beside it", () => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: [beat("coder0")] });
    for (const file of ["", "-wal", "-shm", ".tick"])
      expect([file, mode(path + file)]).toEqual([file, "600"]);
  });

  test("is made private when somebody opened it up", () => {
    const path = bench.path();
    bench.open(path).close();
    chmodSync(path, 0o644);
    bench.open(path);
    expect(mode(path)).toBe("600");
  });

  test("has the pragmas that the durability and the size of the log rest on", () => {
    const path = bench.path();
    bench.open(path);
    const database = bench.raw(path);
    expect(database.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(database.pragma("page_size", { simple: true })).toBe(8192);
    expect(database.pragma("application_id", { simple: true })).toBe(0x464c4554);
  });

  test("of zero bytes is a new log: a process was killed right after it had made the file", () => {
    const path = bench.path();
    writeFileSync(path, "");
    expect(() => bench.read(path)).toThrow(expect.objectContaining({ kind: "unavailable" }));
    expect(bench.open(path).append({ source: "heartbeat", events: [beat("a")] })).toMatchObject({ count: 1 });
  });
});

/** As somebody to whom modes apply: they do not to root. */
function asNobody<T>(work: () => T): T {
  if (process.getuid?.() !== 0) return work();
  process.setegid?.(65_534);
  process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

describe("refused, saying what it is and what to do:", () => {
  const refusal = (open: () => unknown) => {
    try {
      open();
    } catch (error) {
      const { name, kind, message, hint } = error as Error & { kind?: string; hint?: string };
      return { name, kind, message, hint };
    }
    throw new Error("it was opened");
  };

  test("no log, for reading", () => {
    const path = bench.path();
    expect(refusal(() => bench.read(path))).toMatchObject({
      kind: "unavailable",
      message: `there is no log at ${path}`,
      hint: expect.stringContaining("fleet record"),
    });
    expect(existsSync(path)).toBe(false);
  });

  test("a log that nobody has open, for reading, where nothing may be written beside it", () => {
    const path = bench.path();
    const writer = bench.open(path);
    writer.append({ source: "heartbeat", events: [beat("coder0")] });
    for (const file of ["", "-wal", "-shm"]) chmodSync(path + file, 0o644);
    chmodSync(dirname(path), 0o555);
    // A writer holds there what SQLite needs.
    const read = (): number => {
      const reader = bench.read(path);
      try {
        return reader.lastSeq();
      } finally {
        reader.close();
      }
    };
    expect(asNobody(read)).toBe(1);
    chmodSync(dirname(path), 0o755);
    writer.close();
    expect(readdirSync(dirname(path)).filter((file) => /-(wal|shm)$/.test(file))).toEqual([]);
    chmodSync(dirname(path), 0o555);
    expect(refusal(() => asNobody(read))).toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(
        /cannot be read: no recorder has it open, and nothing may be written beside it/,
      ),
      hint: `chmod 700 ${dirname(path)}; where that cannot be, copy it (cp -r), chmod 700 the copy, and set FLEET_STATE to it.`,
    });
    // Whoever owns it, and is told so, reads it.
    chmodSync(dirname(path), 0o777);
    expect(asNobody(read)).toBe(1);
  });

  test("a directory that does not exist", () => {
    const path = join(bench.directory(), "missing", "fleet.db");
    expect(refusal(() => bench.open(path))).toMatchObject({
      name: "FleetError",
      kind: "unavailable",
      message: expect.stringContaining(path),
      hint: expect.stringContaining(dirname(path)),
    });
  });

  test("a directory in place of the file", () => {
    const path = bench.path();
    mkdirSync(path);
    expect(refusal(() => bench.open(path))).toMatchObject({ kind: "unavailable" });
    expect(refusal(() => bench.read(path))).toMatchObject({ kind: "unavailable" });
  });

  test.each([
    ["text", (path: string) => writeFileSync(path, "this is no database\n".repeat(500))],
    ["noise in the header", (path: string) => overwrite(path, 0, 100)],
    ["noise in the schema", (path: string) => overwrite(path, 100, 8092)],
    ["a file cut short", (path: string) => truncateSync(path, 5000)],
    ["the log's tables gone with a cut at a page", (path: string) => truncateSync(path, 8192)],
  ])("a damaged file: %s", (_, damage) => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: [beat("coder0"), beat("coder1")] });
    log.close();
    damage(path);
    for (const open of [() => bench.open(path), () => bench.read(path)]) {
      expect(refusal(open)).toMatchObject({
        name: "FleetError",
        kind: "corrupt",
        message: expect.stringContaining(path),
        hint: expect.stringMatching(/copy.*restore/),
      });
    }
  });

  test("a database of another program", () => {
    const path = bench.path();
    bench.raw(path).exec("CREATE TABLE cookies (a)");
    for (const open of [() => bench.open(path), () => bench.read(path)])
      expect(refusal(open)).toMatchObject({
        kind: "config",
        message: expect.stringContaining("not a fleet log"),
      });
    expect(bench.raw(path).prepare("SELECT name FROM sqlite_schema").pluck().all()).toEqual(["cookies"]);
  });

  test.each(["", "\ud800x"])("an identity that is no name: %j", (host) => {
    const path = bench.path();
    const identity = { tenantId: "jarvis", host, machineId: null };
    expect(refusal(() => bench.open(path, { identity }))).toMatchObject({
      kind: "config",
      message: expect.stringContaining("host is"),
    });
  });
});

describe("as somebody who may not write", () => {
  // Root may write anywhere: then the process that tries is the one of nobody.
  const asNobody = process.getuid?.() === 0 ? ["--as-nobody"] : [];
  const attempt = async (path: string) => {
    const child = startProcess("open-log.ts", [path, "--errors", ...asNobody]);
    return JSON.parse((await child.finished()).stdout) as { kind: string; message: string; hint: string };
  };

  test("a new log in a read-only directory is refused", async () => {
    const path = bench.path();
    chmodSync(dirname(path), 0o555);
    expect(await attempt(path)).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("EACCES"),
      hint: expect.stringContaining(dirname(path)),
    });
  });

  test("a log in a read-only directory is refused, and unharmed", async () => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: [beat("coder0")] });
    log.close();
    chmodSync(path, 0o444);
    chmodSync(dirname(path), 0o555);
    const before = readFileSync(path);
    expect(await attempt(path)).toMatchObject({ kind: "unavailable", hint: expect.stringMatching(/writ/) });
    expect(readFileSync(path).equals(before)).toBe(true);
    chmodSync(dirname(path), 0o755);
  });
});

function overwrite(path: string, from: number, bytes: number): void {
  const file = readFileSync(path);
  for (let i = from; i < from + bytes; i += 1) file[i] = (i * 131 + 89) % 256;
  writeFileSync(path, file);
}
