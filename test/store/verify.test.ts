import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verifyLog } from "../../store/verify.ts";
import { beat, T0, vanished } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();

/** Batches of 1, 2, 3, 4 and 5 events, one of them with a text that stands nowhere else in the file. */
function recorded(): string {
  const path = bench.path();
  const log = bench.open(path);
  for (let size = 1; size <= 5; size += 1) {
    const events = Array.from({ length: size }, (_, i) =>
      beat(`a${i}`, { status: size === 4 ? `mark-${i}` : "ok" }),
    );
    log.append({ source: "heartbeat", events });
  }
  log.close();
  return path;
}

/** As somebody would who can write to the file and knows SQLite: the refusals are dropped first. */
function forge(path: string, sql: string): void {
  const shell = bench.raw(path);
  for (const table of ["events", "batches", "payloads", "kinds"])
    for (const what of ["update", "delete", "overwrite"]) shell.exec(`DROP TRIGGER ${table}_no_${what}`);
  shell.exec(sql);
  shell.close();
}

test("a log as it was written is whole", () => {
  const seen: number[] = [];
  const path = recorded();
  expect(verifyLog(path, { progress: (seq) => seen.push(seq) })).toEqual({
    ok: true,
    events: 15,
    batches: 5,
    lastSeq: 15,
    digest: digestAt(path, 15),
  });
  const empty = bench.path();
  const { logId } = bench.open(empty);
  expect(verifyLog(empty)).toEqual({ ok: true, events: 0, batches: 0, lastSeq: 0, digest: logId });
});

test("the chain is sha256 over what is documented, so that anybody can compute it", () => {
  const path = bench.path();
  const log = bench.open(path);
  log.append({ source: "heartbeat", events: [beat("a"), beat("b"), beat("a")] });
  log.append({ source: "tmux", events: [vanished("/tmp/ü", { occurredAtUs: T0 - 5 })] });
  const payload = '{"pid":4711,"pidStart":99,"status":"ok","evidence":"runtime"}';
  const series = (agent: string) => `["jarvis","W-jarvis","${agent}","heartbeat.received",1,"heartbeat","s"]`;
  const first = sha256(
    `${log.logId} 1 0\n${T0} 0 ${series("a")} ${payload}\n1 1 ${series("b")} ${payload}\n1 2 0 ${payload}\n`,
  );
  const second = sha256(
    `${first} 4 ${T0 + 2}\n1 8 ["jarvis","W-jarvis",null,"tmux.server.vanished",1,"tmux","us"]` +
      ` {"socket":"/tmp/ü","server":12,"reason":"refused"}\n`,
  );
  const digests = bench.raw(path).prepare("SELECT last_seq, lower(hex(digest)) FROM batches").raw().all();
  expect(digests).toEqual([
    [3, first],
    [4, second],
  ]);
});

describe("found, naming the batch where it begins:", () => {
  test("one flipped bit of the file", () => {
    const path = recorded();
    const file = readFileSync(path);
    const at = file.indexOf('"mark-2"');
    expect(file.indexOf('"mark-2"', at + 1)).toBe(-1);
    file[at + 1] = (file[at + 1] ?? 0) ^ 1;
    writeFileSync(path, file);
    expect(verifyLog(path)).toMatchObject({ ok: false, fromSeq: 7, toSeq: 10 });
  });

  test.each([
    ["another payload", "UPDATE events SET payload = '{}' WHERE seq = 5", 4, 6],
    ["another time of recording", "UPDATE events SET recorded_at = recorded_at + 1 WHERE seq = 15", 11, 15],
    ["another time of occurring", "UPDATE events SET lag = lag + 1 WHERE seq = 2", 2, 3],
    [
      "another agent",
      "UPDATE events SET series_id = (SELECT series_id FROM events WHERE seq = 2) WHERE seq = 5",
      4,
      6,
    ],
    [
      "a claim to come from elsewhere",
      "INSERT INTO origins VALUES (1, 'x'); UPDATE events SET origin_id = 1, origin_seq = 1 WHERE seq = 1",
      1,
      1,
    ],
    ["a shared payload changed", "UPDATE payloads SET text = replace(text, 'ok', 'no')", 2, 3],
    ["a shared payload gone", "DELETE FROM payloads", 2, 2],
    ["a payload that is no JSON", "UPDATE events SET payload = '{' WHERE seq = 9", 9, 9],
    ["a name that stands for nothing", "UPDATE events SET series_id = 99 WHERE seq = 12", 12, 12],
    ["a renamed type", "UPDATE kinds SET type = 'heartbeat.refused'", 1, 1],
    [
      "two events that changed places",
      "UPDATE events SET seq = -1 WHERE seq = 7; UPDATE events SET seq = 7 WHERE seq = 8; UPDATE events SET seq = 8 WHERE seq = -1",
      7,
      10,
    ],
    ["an event gone from the middle", "DELETE FROM events WHERE seq = 9", 9, 9],
    ["an event gone from the end of a batch", "DELETE FROM events WHERE seq = 10", 10, 10],
    ["the newest event gone", "DELETE FROM events WHERE seq = 15", 15, 15],
    [
      "a whole batch gone",
      "DELETE FROM events WHERE seq BETWEEN 2 AND 3; DELETE FROM batches WHERE last_seq = 3",
      2,
      3,
    ],
    [
      "an event added",
      `INSERT INTO events SELECT 16, series_id, recorded_at + 1, lag, payload, NULL, NULL FROM events WHERE seq = 15`,
      16,
      16,
    ],
    ["a link of the chain gone", "DELETE FROM batches WHERE last_seq = 6", 4, 10],
    ["a digest rewritten", "UPDATE batches SET digest = zeroblob(32) WHERE last_seq = 10", 7, 10],
    ["a log given another name", "DROP TRIGGER log_ids_no_update; UPDATE log_ids SET log_id = 'x'", 1, 1],
  ])("%s", (_, sql, fromSeq, toSeq) => {
    const path = recorded();
    forge(path, sql);
    expect(verifyLog(path)).toMatchObject({
      ok: false,
      fromSeq,
      toSeq,
      problem: expect.stringMatching(/\w/),
    });
  });
});

test("a log cut off at a batch and its digests with it is told from a whole one by its end alone", () => {
  const path = recorded();
  const expected = { seq: 15, digest: digestAt(path, 15) };
  forge(path, "DELETE FROM events WHERE seq > 10; DELETE FROM batches WHERE last_seq > 10");
  expect(verifyLog(path)).toMatchObject({ ok: true, events: 10, batches: 4, lastSeq: 10 });
  expect(verifyLog(path, { expected })).toMatchObject({ ok: false, fromSeq: 11, toSeq: 15 });
});

test("a chain that was written anew is told by who remembers a digest, at the place it was remembered for", () => {
  const path = recorded();
  const expected = { seq: 6, digest: digestAt(path, 6) };
  expect(verifyLog(path, { expected })).toMatchObject({ ok: true, events: 15 });
  expect(verifyLog(path, { expected: { seq: 6, digest: "0".repeat(64) } })).toMatchObject({
    ok: false,
    fromSeq: 1,
    toSeq: 6,
    problem: expect.stringContaining(expected.digest),
  });
  expect(verifyLog(path, { expected: { ...expected, seq: 5 } })).toMatchObject({ ok: false });
});

test("pages that SQLite cannot read are named by the event they begin with, not thrown", () => {
  const path = bench.path();
  const log = bench.open(path);
  for (let n = 0; n < 400; n += 1)
    log.append({ source: "heartbeat", events: [beat("a", { status: `${n}-`.repeat(60) })] });
  log.close();
  const file = readFileSync(path);
  const at = file.indexOf('"300-300-');
  // The header of the page that holds it: from there on the page is no page of a table.
  file.fill(0xff, at - (at % 8192), at - (at % 8192) + 12);
  writeFileSync(path, file);
  const verified = verifyLog(path);
  expect(verified).toMatchObject({ ok: false, problem: expect.stringMatching(/^not readable/) });
  if (!verified.ok) expect(verified.fromSeq).toBeLessThanOrEqual(301);
});

test("an index that misses an event is damage too: a search trusts it", () => {
  const path = bench.path();
  const log = bench.open(path);
  log.append({ source: "tmux", events: [vanished("/tmp/a"), beat("a")] });
  log.close();
  // The index now claims to hold beats as well.
  const file = readFileSync(path);
  const claim = "WHERE series_id > 0";
  for (let at = file.indexOf(claim); at >= 0; at = file.indexOf(claim, at + 1))
    file.write(">-9", at + "WHERE series_id ".length);
  writeFileSync(path, file);
  expect(verifyLog(path)).toMatchObject({ ok: false, problem: expect.stringContaining("REINDEX") });
});

test("what a dictionary calls a thing, and which payloads are shared, does not enter the chain", () => {
  const path = recorded();
  forge(
    path,
    `DROP TRIGGER series_no_update; UPDATE series SET series_id = series_id - 1000;
     UPDATE events SET series_id = series_id - 1000;
     UPDATE events SET payload = (SELECT text FROM payloads WHERE payload_id = payload) WHERE typeof(payload) = 'integer'`,
  );
  expect(verifyLog(path)).toMatchObject({ ok: true, events: 15 });
});

function digestAt(path: string, seq: number): string {
  const digest = bench.raw(path).prepare("SELECT lower(hex(digest)) FROM batches WHERE last_seq = ?");
  return digest.pluck().get(seq) as string;
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
