import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Host } from "../../sandbox/host.ts";
import {
  bootHost,
  eventsOf,
  installUnits,
  lastReport,
  loggedOf,
  type Watching,
  watchAs,
} from "../systemd/watched-host.ts";

const AGENT = "mosaic-agent@coder0.service";
const LIFE = ["starting", "started", "stopping", "stopped"];

let host: Host;
const started: Watching[] = [];
beforeAll(async () => {
  host = await bootHost({ name: "journal" });
  await installUnits(host, "alice");
});
afterEach(async () => {
  for (const watching of started.splice(0)) await watching.stop();
});
afterAll(async () => {
  await host.down();
});

function watch(cursorFile: string, on: Host = host, user = "alice"): Watching {
  const watching = watchAs(on, user, [], { cursorFile });
  started.push(watching);
  return watching;
}
/** One look to the end of the journal, as a `ps` without a recorder takes it. */
async function sample(cursorFile: string): Promise<Watching> {
  const watching = watchAs(host, "alice", [], { cursorFile, mode: "sample" });
  started.push(watching);
  await watching.until("the end of the look", (lines) => lines.at(-1)?.ended);
  return watching;
}
async function startAndStop(times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await host.check("alice", ["systemctl", "--user", "start", AGENT]);
    await host.check("alice", ["systemctl", "--user", "stop", AGENT]);
  }
}
const keysOf = (watching: Watching) =>
  eventsOf(watching.lines, "journal.unit.logged").map(
    (event) => `${event.occurredAtUs} ${event.payload.unit} ${event.payload.what}`,
  );

test("a first look reads the lines of this boot, the next one only what came since, in either way of looking", async () => {
  await startAndStop();
  const first = await sample("first");
  expect(loggedOf(first.lines, AGENT)).toEqual(LIFE);
  expect(loggedOf((await sample("first")).lines, AGENT)).toEqual([]);

  await startAndStop();
  const following = watch("first");
  await following.until("the second life", (lines) => loggedOf(lines, AGENT).length >= 4);
  await startAndStop();
  await following.until("the third life", (lines) => loggedOf(lines, AGENT).length >= 8);
  await following.stop();
  expect(loggedOf(following.lines, AGENT)).toEqual([...LIFE, ...LIFE]);
  expect(loggedOf((await sample("first")).lines, AGENT)).toEqual([]);
});

test("all of a long backlog comes at once, not ten lines of it", async () => {
  await sample("backlog");
  await startAndStop(10);
  const following = watch("backlog");
  await following.until("forty lines", (lines) => loggedOf(lines, AGENT).length === 40);
});

test("a rotation and a killed journald neither lose nor repeat a line", async () => {
  const following = watch("rotated");
  await following.until("reading", (lines) => lastReport(lines, "journal")?.state === "observed");
  await startAndStop();
  await host.check("root", ["journalctl", "--rotate"]);
  await startAndStop();
  await host.check("root", ["systemctl", "kill", "-s", "KILL", "systemd-journald.service"]);
  await host.check("root", ["systemctl", "start", "systemd-journald.service"]);
  await startAndStop();
  // Whoever starts from nothing finds the same lines in the files as the follower sees going by.
  const inFiles = keysOf(await sample("rotated-from-the-start"));
  expect(new Set(inFiles).size).toBe(inFiles.length);
  await following.until("as many lines", () => keysOf(following).length >= inFiles.length);
  await following.stop();
  expect(keysOf(following)).toEqual(inFiles);
  expect(eventsOf(following.lines, "journal.gap.found")).toEqual([]);
});

test("a cursor survives a reboot in either way of looking, and what the shutdown left is found", async () => {
  await startAndStop();
  for (const cursor of ["rebooted", "rebooted-followed"]) await sample(cursor);
  await startAndStop();
  await host.check("alice", ["systemctl", "--user", "start", AGENT]);
  await host.reboot();
  const found = [...LIFE, ...LIFE];
  const after = await sample("rebooted");
  // Since systemd 250 a follower shows of itself only what came since the boot.
  const following = watch("rebooted-followed");
  await following.until("both lives", (lines) => loggedOf(lines, AGENT).length >= found.length);
  await following.until("reading", (lines) => lastReport(lines, "journal")?.state === "observed");
  for (const { lines } of [after, following]) {
    expect(loggedOf(lines, AGENT)).toEqual(found);
    expect(eventsOf(lines, "journal.gap.found")).toEqual([]);
  }
});

test("lines that were removed while nobody read are a gap that is told, and reading goes on behind it", async () => {
  await startAndStop();
  await sample("vacuumed");
  await host.check("root", ["journalctl", "--rotate"]);
  await startAndStop();
  await host.check("root", ["journalctl", "--rotate"]);
  await host.check("root", ["journalctl", "--vacuum-files=1"]);
  await startAndStop();
  const after = await sample("vacuumed");
  const gaps = eventsOf(after.lines, "journal.gap.found");
  expect(gaps.map((gap) => gap.payload.reason)).toEqual(["vacuumed"]);
  expect(gaps[0]?.payload.fromUs).toBeLessThan(Number(gaps[0]?.payload.toUs));
  expect(loggedOf(after.lines, AGENT).slice(-4)).toEqual(LIFE);
  expect(eventsOf((await sample("vacuumed")).lines, "journal.gap.found")).toEqual([]);
});

test("a cursor of another machine from the future is told as a gap, and new lines come", async () => {
  const foreign = `s=${"ab".repeat(16)};i=ffff;b=${"cd".repeat(16)};m=ffffffff;t=7ffffffffffff;x=1234567890abcdef`;
  await host.check("alice", ["tee", "future"], { input: foreign });
  const following = watch("future");
  const gap = await following.until("the gap", (lines) => eventsOf(lines, "journal.gap.found")[0]);
  expect(gap.payload).toMatchObject({ reason: "future-cursor", fromUs: null });
  await startAndStop();
  await following.until("new lines", (lines) => loggedOf(lines, AGENT).length === 4);
});

test.each(["", "garbage", "s=1;i=2", "s=zz;t=1"])(
  "the cursor %j, which is none, is told as a gap",
  async (text) => {
    await host.check("alice", ["tee", "garbage"], { input: text });
    const after = await sample("garbage");
    expect(eventsOf(after.lines, "journal.gap.found").map((gap) => gap.payload.reason)).toEqual([
      "bad-cursor",
    ]);
    await startAndStop();
    expect(loggedOf((await sample("garbage")).lines, AGENT)).toEqual(LIFE);
  },
);

test("a volatile journal is unreadable and said to be so, until the user may read it", async () => {
  const volatile = await bootHost({ name: "volatile", journal: "volatile" });
  try {
    await installUnits(volatile, "alice");
    const shut = watch("volatile", volatile);
    const report = await shut.until("unavailable", (lines) => {
      const last = lastReport(lines, "journal");
      return last?.state === "unavailable" && last;
    });
    expect(report.reason).toContain("may not read the journal");
    expect(report.reason).toContain("group systemd-journal");
    await shut.stop();

    await volatile.check("root", ["usermod", "-aG", "systemd-journal", "alice"]);
    const open = watch("volatile", volatile);
    await open.until("reading", (lines) => lastReport(lines, "journal")?.state === "observed");
    await volatile.check("alice", ["systemctl", "--user", "start", AGENT]);
    await open.until("started", (lines) => loggedOf(lines, AGENT).includes("started"));
  } finally {
    await volatile.down();
  }
});
