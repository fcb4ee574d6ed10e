import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ackFileOf, FROM_THE_BEGINNING, markAcks, parseAck, readAcks } from "../../../agents/acks/acks.ts";

const UID = process.getuid?.() ?? 0;
let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "fleet-acks-"));
});
afterEach(() => rmSync(run, { recursive: true, force: true }));

const digest = (letter: string): string => letter.repeat(64);
const line = (letter: string): string =>
  `ts=2026-11-25T20:01:02.345Z what=received sha256=${digest(letter)} source=hook session=s turn=t queued=1\n`;
const append = (text: string): void => appendFileSync(ackFileOf(run, "coder0"), text);
const lettersSince = (mark: Parameters<typeof readAcks>[3]): string[] =>
  readAcks(run, "coder0", UID, mark).map(({ sha256 }) => sha256[0] ?? "");

test("a line says what the runtime holds, and in which turn", () => {
  expect(parseAck(line("a").trim())).toEqual({
    atMs: Date.parse("2026-11-25T20:01:02.345Z"),
    what: "received",
    sha256: digest("a"),
    queued: true,
    source: "hook",
    message: null,
    session: "s",
    turn: "t",
  });
  expect(parseAck("what=received")).toBeNull();
  expect(parseAck(`ts=now what=received sha256=${digest("a")}`)).toBeNull();
  expect(parseAck(`ts=2026-11-25T20:01:02Z what=received sha256=${digest("A")}`)).toBeNull();
});

test("only what was appended after the mark is read", () => {
  append(line("a"));
  const mark = markAcks(run, "coder0", UID);
  append(line("b"));
  append(line("c"));
  expect(lettersSince(mark)).toEqual(["b", "c"]);
});

test("the first line of an agent that had no file is read", () => {
  const mark = markAcks(run, "coder0", UID);
  append(line("a"));
  expect(lettersSince(mark)).toEqual(["a"]);
});

test("a line that is still being written is not read before its end", () => {
  const mark = markAcks(run, "coder0", UID);
  append(line("a").slice(0, -10));
  expect(lettersSince(mark)).toEqual([]);
  append(line("a").slice(-10));
  expect(lettersSince(mark)).toEqual(["a"]);
});

test("nothing is lost and nothing comes twice when the file is put aside meanwhile", () => {
  append(line("a"));
  const mark = markAcks(run, "coder0", UID);
  append(line("b"));
  renameSync(ackFileOf(run, "coder0"), `${ackFileOf(run, "coder0")}.old`);
  append(line("c"));
  expect(lettersSince(mark)).toEqual(["b", "c"]);
  expect(lettersSince(markAcks(run, "coder0", UID))).toEqual([]);
});

test("from the beginning on, the file that was put aside is read too, before the one behind it", () => {
  append(line("a"));
  append(line("b"));
  renameSync(ackFileOf(run, "coder0"), `${ackFileOf(run, "coder0")}.old`);
  expect(lettersSince(FROM_THE_BEGINNING)).toEqual(["a", "b"]);
  // Whoever marks now, while there is no current file, wants what comes and not what was.
  const mark = markAcks(run, "coder0", UID);
  append(line("c"));
  expect(lettersSince(FROM_THE_BEGINNING)).toEqual(["a", "b", "c"]);
  expect(lettersSince(mark)).toEqual(["c"]);
});

test("a file of somebody else's, and a name that is a path, are not read", () => {
  append(line("a"));
  expect(readAcks(run, "coder0", UID + 1, FROM_THE_BEGINNING)).toEqual([]);
  expect(() => readAcks(run, "../coder0", UID, { inode: null, size: 0 })).toThrow("is not an agent's name");
  writeFileSync(join(run, "nonsense.acks"), "\0\n\n=\nsha256=\n");
  expect(readAcks(run, "nonsense", UID, FROM_THE_BEGINNING)).toEqual([]);
});
