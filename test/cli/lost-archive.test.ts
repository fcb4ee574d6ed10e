import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkState } from "../../cli/doctor/files.ts";
import { resolvePlaces } from "../../cli/environment.ts";
import { currentAccount } from "../../cli/here.ts";
import { openOwnLog } from "../../cli/own-log.ts";
import { guardLog } from "../../cli/recorder/guarded-log.ts";
import { createLateWords } from "../../cli/recorder/late-words.ts";
import { createLostAttaches } from "../../cli/recorder/lost-attaches.ts";
import { FleetError } from "../../store/errors.ts";
import { openReader } from "../../store/reader.ts";
import { paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/** April and May are in files; it is asked in June. Of April's nothing is left, or nothing that can be read. */
const DAY = 86_400;
const APRIL = -66 * DAY;
const MAY = -36 * DAY;

let past: SeededPast;
let directory: string;
let april: string;
let bytes: Buffer;
beforeAll(async () => {
  past = seedPast();
  const pane = paneSeen("coder0", 1, { startedAtUs: at(APRIL - 60) });
  for (const [from, beats] of [
    [APRIL, 40],
    // Enough that what follows need not be told from what was before.
    [MAY, 1100],
    [0, 40],
  ] as const) {
    past.record(from, rosterLook(at(from), { coder0: {} }), tmuxLook(at(from), [pane]));
    message(from + 1, `m${from}`);
    past.beats("coder0", from + 15, from + 15 * beats);
    past.stop(from + 15 * beats + 1);
  }
  past.now(900);
  // As a recorder does each minute.
  const { log } = openOwnLog(own());
  log.settle();
  log.close();
  expect(await past.run("archive", "--before", "2026-06-01")).toMatchObject({ exit: 0 });
  directory = join(past.environment.FLEET_STATE ?? "", "archive");
  april = fileOf("2026-04");
  bytes = readFileSync(april);
});
afterEach(() => {
  rmSync(april, { recursive: true, force: true });
  writeFileSync(april, bytes);
});
afterAll(() => past.close());

const own = () => ({ ...past.environment, FLEET_TENANT: "jarvis", FLEET_HOST: "W-jarvis" });

function message(second: number, id: string): void {
  const asked = {
    ...{ message: id, digest: "ab", bytes: 3, lines: 1, text: null, user: "u", pid: 5 },
    ...{ verify: false, until: "accepted", traceparent: null },
  };
  past.tell(second, { type: "message.requested", agent: "coder0", source: "operator", payload: asked });
  const submitted = { type: "message.submitted", agent: "coder0", source: "operator" } as const;
  past.tell(second, { ...submitted, payload: { message: id } });
}

function fileOf(month: string): string {
  return join(directory, readdirSync(directory).find((name) => name.startsWith(month)) ?? "");
}

const HARM: Record<string, (file: string) => void> = {
  "is not there": (file) => rmSync(file),
  "cannot be read": (file) => {
    rmSync(file);
    mkdirSync(file);
  },
  "is damaged": (file) => {
    const bytes = readFileSync(file);
    // Its list of parts, and its parts.
    for (let place = 300; place < bytes.length - 60; place += 40) bytes[place] = (bytes[place] ?? 0) ^ 4;
    writeFileSync(file, bytes);
  },
};

const OF_NOW = [
  ["uptime", "--since", "30m"],
  ["uptime", "--json", "--since", "2026-05-16"],
  ["when", "coder0", "attached"],
  ["when", "coder0", "healthy", "--since", "1h"],
  ["history", "--since", "2h"],
  ["incidents", "--since", "1h"],
  ["messages", "-n", "1"],
  ["messages", "--since", "2026-05-02"],
  ["ps", "--at", "10m"],
  ["ps", "--at", "2026-05-16T00:20:00Z"],
  ["diff", "12m", "10m"],
  ["events", "--limit", "3"],
  ["events", "--agent", "coder0", "--limit", "3"],
  ["events", "--since", "2026-05-10", "--type", "recorder."],
  ["export", "--since", "1d"],
];
const OF_APRIL = [
  ["ps", "--at", "2026-04-15T20:05:00Z"],
  ["ps", "--as-recorded", "#30"],
  ["why", "coder0", "--as-recorded", "#30"],
  ["messages"],
  ["messages", "-n", "3"],
  ["messages", "--since", "2026-04-01"],
  ["messages", "nobody"],
  ["events", "--agent", "coder0", "--type", "tmux.", "--limit", "30"],
  ["export"],
  ["sql", "--in-this-process", "SELECT count(*) FROM events"],
  ["rebuild"],
];
const UNKNOWN = /recorded from 2026-04-15 20:00 to 2026-04-15 20:10 UTC \(#1 to #\d+\) cannot be told/;

describe.each(Object.keys(HARM))("where April's file %s", (how) => {
  test("what does not need it is answered as before, and what does says which file and which time is unknown", async () => {
    const before = [];
    for (const verb of OF_NOW) before.push(await past.run(...verb));
    // 3: it never happened.
    expect(before.map(({ exit }) => exit)).toEqual(
      OF_NOW.map(([verb, , state]) => (verb === "when" && state === "attached" ? 3 : 0)),
    );
    HARM[how]?.(april);
    const after = [];
    for (const verb of OF_NOW) after.push(await past.run(...verb));
    expect(after).toEqual(before);
    for (const verb of OF_APRIL) {
      const { exit, stderr } = await past.run(...verb);
      expect({ verb, exit, stderr }).toEqual({ verb, exit: 1, stderr: expect.stringMatching(UNKNOWN) });
      expect(stderr).toContain("2026-04-000000000001.jsonl.zst");
    }
  });

  test("why is answered without the events in it, and says so", async () => {
    HARM[how]?.(april);
    const { exit, stdout, stderr } = await past.run("why", "coder0", "--at", "10m");
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining("coder0 was healthy") });
    expect(stderr).toMatch(UNKNOWN);
    expect(stderr.match(/events in it are not shown/g)).toHaveLength(1);
  });

  test("doctor, the list, and whoever archives on name it; archiving goes on", async () => {
    HARM[how]?.(april);
    const places = resolvePlaces(past.environment, currentAccount(past.environment));
    const found = checkState(places, process.getuid?.() ?? 0).filter(({ check }) => check === "archive");
    expect(found).toEqual([
      { check: "archive", state: "fail", found: expect.stringMatching(UNKNOWN), advice: expect.any(String) },
    ]);
    expect(found[0]?.found).toContain(how);
    for (const verb of [
      ["archive", "--list"],
      ["archive", "--before", "60d"],
    ]) {
      const { exit, stderr } = await past.run(...verb);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringMatching(UNKNOWN) });
    }
    const { stdout } = await past.run("archive", "--list");
    expect(stdout).toMatch(
      how === "is not there"
        ? /^2026-04.* an event {2}not there$/m
        : /^2026-04.* an event {2}cannot be read$/m,
    );
    expect(stdout).toMatch(/^2026-05.* an event$/m);
    const verified = await past.run("verify");
    expect(verified).toMatchObject({ exit: 1, stdout: expect.stringContaining("put that file back") });
  });

  test("the recorder goes on", () => {
    HARM[how]?.(april);
    const opened = openOwnLog(own());
    const said: unknown[] = [];
    const guarded = guardLog(
      opened.log,
      (notice) => void said.push(notice),
      () => 0,
    );
    const [words, attaches] = [createLateWords(opened), createLostAttaches(opened)];
    try {
      for (const look of [words.look, attaches.look, () => opened.log.settle()]) guarded.attempt(look);
      expect({ said, fatal: guarded.fatal() }).toEqual({ said: [], fatal: null });
    } finally {
      words.close();
      attaches.close();
      opened.log.close();
    }
  });
});

test("the recorder says once that a file is lost that it came upon, and is not ended by it", () => {
  const said: unknown[] = [];
  const guarded = guardLog(
    {} as never,
    (notice) => void said.push(notice),
    () => 0,
  );
  const lost = () => {
    throw new FleetError("archive", "april is not there");
  };
  guarded.attempt(lost);
  guarded.attempt(lost);
  expect(said).toEqual([{ what: "archive", reason: "april is not there" }]);
  expect(guarded.fatal()).toBeNull();
});

test("when a log begins needs no file", () => {
  HARM["is not there"]?.(april);
  const reader = openReader(join(past.environment.FLEET_STATE ?? "", "fleet.db"));
  expect(reader.beginsUs()).toBe(at(APRIL));
  reader.close();
});

// The last one here: the log goes on in it.
test("a tmux socket that somebody makes today asks no old file what was on it", async () => {
  HARM["is not there"]?.(april);
  const pane = paneSeen("coder0", 1, { startedAtUs: at(APRIL - 60) });
  past.record(901, tmuxLook(at(901), [pane]));
  const scope = "/tmp/tmux-1000/of-an-operator";
  past.tell(910, { type: "recorder.source.started", payload: { source: "tmux", scope } });
  past.beats("coder0", 905, 950);
  past.now(960);
  for (const verb of [
    ["uptime", "--since", "1h"],
    ["history", "--since", "1h"],
    ["ps", "--at", "5s"],
  ])
    expect(await past.run(...verb)).toMatchObject({ exit: 0, stderr: "" });
  const { log } = openOwnLog(own());
  expect(log.settle()).toBe(true);
  log.close();
});
