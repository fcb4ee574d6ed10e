import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
  drainedSpools,
  prepareSpool,
  removeSpool,
  rotateSpool,
  spoolStamp,
} from "../../../collectors/tmux/spool.ts";
import { freshSpool, isSpoolName, type SpoolPlace, spoolPath } from "../../../collectors/tmux/spool-file.ts";
import {
  formatPosition,
  parsePosition,
  type SpoolPosition,
} from "../../../collectors/tmux/spool-position.ts";
import { readSpool } from "../../../collectors/tmux/spool-read.ts";

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

function place(): SpoolPlace {
  const root = mkdtempSync(join(tmpdir(), "fleet-spool-"));
  made.push(root);
  return { directory: join(root, "state", "spool"), socketName: "mosaic-factory" };
}

/** Reads until nothing is left, as the recorder does. */
function readAll(spool: SpoolPlace, from: SpoolPosition = {}): { texts: string[]; position: SpoolPosition } {
  const texts: string[] = [];
  let position = from;
  for (;;) {
    const { records, next, atEnd } = readSpool(spool, position);
    texts.push(
      ...records.map((record) => (record.kind === "line" ? record.text : `garbage ${record.bytes}`)),
    );
    position = next;
    if (atEnd) return { texts, position };
  }
}

test("the spool is made private, and once", () => {
  const spool = place();
  const path = prepareSpool(spool);
  expect(statSync(spool.directory).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const before = readFileSync(path, "utf8");
  expect(prepareSpool(spool)).toBe(path);
  expect(readFileSync(path, "utf8")).toBe(before);
  expect(readdirSync(spool.directory)).toEqual(["mosaic-factory.spool"]);
});

test("where a directory cannot be made, that is said and not tried for ever", () => {
  expect(() => prepareSpool({ directory: "/proc/nowhere/spool", socketName: "x" })).toThrow(/ENOENT/);
});

test("a socket's name that would leave the directory names no spool", () => {
  for (const socketName of ["../x", "a/b", "", ".", "a\nb", "-x".padEnd(200, "x"), "a b"]) {
    expect(isSpoolName(socketName)).toBe(false);
    expect(() => spoolPath({ directory: "/s", socketName })).toThrow(
      expect.objectContaining({ kind: "config" }),
    );
  }
  expect(spoolPath({ directory: "/s", socketName: "mosaic-factory" })).toBe("/s/mosaic-factory.spool");
});

test("lines are read once, and a line without its end waits for it", () => {
  const spool = place();
  const path = prepareSpool(spool);
  appendFileSync(path, "one\ntwo\nhal");
  const first = readAll(spool);
  expect(first.texts).toEqual(["one", "two"]);
  expect(readAll(spool, first.position).texts).toEqual([]);
  appendFileSync(path, "f\nlast\n");
  expect(readAll(spool, first.position).texts).toEqual(["half", "last"]);
});

test("without a spool or its directory there is nothing to read", () => {
  const spool = place();
  expect(readAll(spool).texts).toEqual([]);
  mkdirSync(spool.directory, { recursive: true });
  expect(readAll(spool).texts).toEqual([]);
  expect(spoolStamp(spool)).toBe("");
});

test("a damaged position means the beginning", () => {
  for (const cursor of ["", "x", "[]", "3", "null", '{"a":-1}', '{"a":"b"}', '{"a":1.5}']) {
    expect(parsePosition(cursor)).toEqual({});
  }
  expect(parsePosition(formatPosition({ a: 5 }))).toEqual({ a: 5 });
});

test("the stamp changes with every line", () => {
  const spool = place();
  const path = prepareSpool(spool);
  const before = spoolStamp(spool);
  appendFileSync(path, "x");
  expect(spoolStamp(spool)).not.toBe(before);
});

test("a large spool is set aside, and nothing is lost or doubled over it", () => {
  const spool = place();
  const path = prepareSpool(spool);
  appendFileSync(path, "one\n");
  const second = readAll(spool);
  appendFileSync(path, "unread\n");
  expect(rotateSpool(spool, 10_000), "not while it is small").toBe(false);
  expect(rotateSpool(spool, 10)).toBe(true);

  const [old = ""] = readdirSync(spool.directory).filter((name) => name !== "mosaic-factory.spool");
  // A hook that had opened the file before it was set aside still writes into it.
  appendFileSync(join(spool.directory, old), "late\n");
  appendFileSync(path, "three\n");
  const third = readAll(spool, second.position);
  expect(third.texts).toEqual(["unread", "late", "three"]);
  expect(readAll(spool, third.position).texts).toEqual([]);
  expect(drainedSpools(spool, third.position)).toMatchObject([{ path: join(spool.directory, old) }]);
});

test("a file that was set aside is not done while it holds an unread line", () => {
  const spool = place();
  const path = prepareSpool(spool);
  const first = readAll(spool);
  expect(rotateSpool(spool, 10)).toBe(true);
  const [old = ""] = readdirSync(spool.directory).filter((name) => join(spool.directory, name) !== path);
  appendFileSync(join(spool.directory, old), "late\nhal");
  expect(drainedSpools(spool, first.position)).toEqual([]);
  const { position } = readAll(spool, first.position);
  expect(drainedSpools(spool, position).map(({ rest }) => rest.toString())).toEqual(["hal"]);
});

test("setting aside may be cut short at any step, and the next start goes on without loss or repeat", () => {
  const steps = [
    (path: string) => void freshSpool(path),
    (path: string, generation: string) => linkSync(path, `${path}.${generation}`),
    (path: string, generation: string) => {
      linkSync(path, `${path}.${generation}`);
      renameSync(freshSpool(path), path);
    },
  ];
  for (const cutShort of steps) {
    const spool = place();
    const path = prepareSpool(spool);
    appendFileSync(path, "one\n");
    const first = readAll(spool);
    const [generation = ""] = Object.keys(first.position);
    cutShort(path, generation);
    appendFileSync(path, "two\n");
    const second = readAll(spool, first.position);
    expect(second.texts).toEqual(["two"]);
    expect(rotateSpool(spool, 10)).toBe(true);
    appendFileSync(path, "three\n");
    expect(readAll(spool, second.position).texts).toEqual(["three"]);
  }
});

test("hooks that append all the while lose no line to setting aside", async () => {
  const spool = place();
  const path = prepareSpool(spool);
  const stop = join(spool.directory, "stop");
  const script = (writer: number): string =>
    `i=0; while [ ! -f '${stop}' ]; do i=$((i+1)); [ -f '${path}' ] && printf '%s\\n' "${writer} $i" >>'${path}'; done; echo $i`;
  const written = [1, 2, 3].map(async (writer) => {
    const child = spawn("/bin/sh", ["-c", script(writer)], { stdio: ["ignore", "pipe", "ignore"] });
    return Number(await text(child.stdout));
  });
  const texts: string[] = [];
  let position: SpoolPosition = {};
  for (let rotations = 0; rotations < 8; ) {
    const read = readAll(spool, position);
    texts.push(...read.texts);
    position = read.position;
    if (rotateSpool(spool, 500)) rotations += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  writeFileSync(stop, "");
  const counts = await Promise.all(written);
  texts.push(...readAll(spool, position).texts);
  const expected = counts.flatMap((count, writer) =>
    Array.from({ length: count }, (_, n) => `${writer + 1} ${n + 1}`),
  );
  expect(texts.sort()).toEqual(expected.sort());
});

test("an emptied spool is read on from its beginning, and gets a name again", () => {
  const spool = place();
  const path = prepareSpool(spool);
  appendFileSync(path, "one\ntwo\nthree\n");
  const first = readAll(spool);
  truncateSync(path);
  appendFileSync(path, "new\n");
  const second = readAll(spool, first.position);
  expect(second.texts).toEqual(["new"]);
  expect(rotateSpool(spool, 1_000_000)).toBe(true);
  expect(readFileSync(path, "utf8")).toMatch(/^#fleet-spool /);
  appendFileSync(path, "more\n");
  expect(readAll(spool, second.position).texts).toEqual(["more"]);
});

test("another file under the same name, and the same inode, is another file", () => {
  const spool = place();
  const path = prepareSpool(spool);
  appendFileSync(path, "one\n".repeat(100));
  const first = readAll(spool);
  rmSync(path);
  prepareSpool(spool);
  appendFileSync(path, "new\n".repeat(200));
  expect(readAll(spool, first.position).texts).toEqual(Array(200).fill("new"));
});

test("megabytes without a line break are one piece of garbage, and what follows is read", () => {
  const spool = place();
  const path = prepareSpool(spool);
  appendFileSync(path, Buffer.alloc(3_000_000));
  appendFileSync(path, "\nafter\n");
  expect(readAll(spool).texts).toEqual(["garbage 3000001", "after"]);
});

test("a spool that is a link, a pipe or a directory is not read through", () => {
  for (const make of [
    (path: string) => symlinkSync("/etc/passwd", path),
    (path: string) => mkdirSync(path),
    (path: string) => writeFileSync(`${path}.not-ours`, "x\n"),
  ]) {
    const spool = place();
    mkdirSync(spool.directory, { recursive: true });
    make(spoolPath(spool));
    expect(readAll(spool).texts).toEqual([]);
  }
});

test("however lines are appended and read, each is told once and in order", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("append" as const), text: fc.stringMatching(/^[a-z0-9|$@%]{0,40}$/) }),
    fc.record({ do: fc.constant("read" as const) }),
    fc.record({ do: fc.constant("aside" as const) }),
    fc.record({ do: fc.constant("restart" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const spool = place();
      const path = prepareSpool(spool);
      const written: string[] = [];
      const read: string[] = [];
      let cursor = formatPosition({});
      const readOn = (): void => {
        const { texts, position } = readAll(spool, parsePosition(cursor));
        read.push(...texts);
        cursor = formatPosition(position);
      };
      for (const each of steps) {
        if (each.do === "append") {
          written.push(each.text);
          appendFileSync(path, `${each.text}\n`);
        } else if (each.do === "read") readOn();
        else if (each.do === "aside") rotateSpool(spool, 60);
        else prepareSpool(spool);
      }
      readOn();
      expect(read).toEqual(written);
    }),
    { numRuns: 60 },
  );
});

test("removal leaves nothing of this socket and everything of others", () => {
  const spool = place();
  const other = { ...spool, socketName: "mosaic-factory.2" };
  const path = prepareSpool(spool);
  prepareSpool(other);
  rotateSpool(spool, 10);
  removeSpool(spool);
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(spool.directory)).toEqual(["mosaic-factory.2.spool"]);
});
