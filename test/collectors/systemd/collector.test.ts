import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CollectorContext, Outcome } from "../../../collectors/collector.ts";
import { createSystemdCollector } from "../../../collectors/systemd/collector.ts";
import { canBeAsked } from "../../../collectors/systemd/manager-sockets.ts";
import type { UnitOfInterest } from "../../../collectors/systemd/unit-name.ts";
import { BUS_SCOPE, type Pace } from "../../../collectors/systemd/watch.ts";
import type { Batch } from "../../../store/events/batch.ts";
import type { SystemdSnapshot } from "../../../store/events/snapshot.ts";
import { type FakeBus, type FakeBusOptions, startFakeBus } from "./fake-bus.ts";

const fake = fileURLToPath(new URL("../../fixtures/bin/fake-systemctl.sh", import.meta.url));
const A = "mosaic-agent@a.service";
const B = "mosaic-agent@b.service";
const UNIT_A = "/org/freedesktop/systemd1/unit/mosaic_2dagent_40a_2eservice";

let directory: string;
let stop: AbortController;
let running: Promise<void>[];
let bus: FakeBus | null;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-systemd-"));
  for (const name of ["show", "enabled", "links/default.target.wants", "linger", "systemd"])
    mkdirSync(join(directory, name), { recursive: true });
  has("systemd/private", "");
  writeFileSync(join(directory, "systemctl"), `#!/bin/sh\nexec sh "${fake}" "${directory}" "$@"\n`);
  chmodSync(join(directory, "systemctl"), 0o755);
  writeFileSync(join(directory, "linger/alice"), "");
  stop = new AbortController();
  running = [];
  bus = null;
  loaded();
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(running);
  await bus?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Makes the manager have these units loaded, in these states. */
function loaded(...units: [unit: string, active: string, sub: string, fileState?: string][]): void {
  const rows = units.map(([unit, active, sub]) => ({ unit, load: "loaded", active, sub, description: "" }));
  writeFileSync(join(directory, "list"), JSON.stringify(rows));
  for (const [unit, active, sub, fileState = "disabled"] of units)
    writeFileSync(
      join(directory, "show", unit),
      `Id=${unit}\nLoadState=loaded\nActiveState=${active}\nSubState=${sub}\nUnitFileState=${fileState}\n`,
    );
}
const has = (name: string, text: string) => writeFileSync(join(directory, name), text);
const calls = () =>
  existsSync(join(directory, "calls"))
    ? readFileSync(join(directory, "calls"), "utf8").trim().split("\n")
    : [];
/** The units that systemctl was asked about, one list for each question. */
const shown = () => calls().flatMap((call) => (call.includes("--timestamp") ? [call.split(" -- ")[1]] : []));

function createLog() {
  const log = {
    batches: [] as Batch[],
    reports: [] as (Outcome & { scope: string })[],
    snapshots: () => log.batches.flatMap(({ snapshot }) => (snapshot ? [snapshot as SystemdSnapshot] : [])),
    last: () => log.snapshots().at(-1),
    of: (scope: string) => log.reports.filter((report) => report.scope === scope).at(-1),
  };
  return log;
}
type Log = ReturnType<typeof createLog>;

function contextOf(log: Log): CollectorContext {
  return {
    clock: { nowUs: () => Date.now() * 1000, monotonicUs: () => Math.round(performance.now() * 1000) },
    emit: (batch) => {
      log.batches.push(batch);
      return { ok: true, count: 0, lastSeq: 0 };
    },
    cursor: () => null,
    report: (scope, outcome) => log.reports.push({ scope, ...outcome }),
    signal: stop.signal,
  };
}
const QUICK = { deadlineMs: 5_000, tickMs: 60, pollMs: 60, retryMs: 50, coalesceMs: 5, gapMs: 5 };

function collector(
  units: () => readonly UnitOfInterest[] = () => [],
  pace: Partial<Pace> = {},
  program = "systemctl",
) {
  return createSystemdCollector({
    units,
    environment: { PATH: process.env.PATH },
    runtimeDirectory: directory,
    uid: 1001,
    userName: "alice",
    program: join(directory, program),
    unitDirectories: [join(directory, "links")],
    paths: { lingerDirectory: join(directory, "linger") },
    pace: { ...QUICK, ...pace },
  });
}
async function sample(
  units?: () => readonly UnitOfInterest[],
  pace?: Partial<Pace>,
  program?: string,
): Promise<Log> {
  const log = createLog();
  await collector(units, pace, program).sample(contextOf(log));
  return log;
}
async function watch(units?: () => readonly UnitOfInterest[], pace?: Partial<Pace>): Promise<Log> {
  const log = createLog();
  const watching = collector(units, pace).watch(contextOf(log));
  running.push(watching);
  watching.catch(() => {});
  return log;
}
async function startBus(options: FakeBusOptions = {}): Promise<FakeBus> {
  bus = await startFakeBus(join(directory, "bus"), options);
  return bus;
}
const eventually = (what: () => unknown) => expect.poll(what, { timeout: 15_000, interval: 5 });
/** Waits until the collector has looked and said that it hears. */
async function settled(log: Log): Promise<void> {
  await eventually(() => log.of(BUS_SCOPE)?.state).toBe("observed");
  await eventually(() => log.last()?.complete).toBe(true);
  await eventually(() => log.batches.at(-1)?.observed?.scope).toBe("");
}

test("one look shows the loaded units of the fleet and those the roster names, loaded or not", async () => {
  loaded([A, "active", "exited"]);
  const log = await sample(() => [{ unit: "odd.service", agent: "odd" }]);
  expect(log.reports).toEqual([{ scope: "", state: "observed" }]);
  expect(log.last()).toMatchObject({
    source: "systemd",
    scope: "",
    complete: true,
    manager: { linger: "yes", version: "252.39-1", bootId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    units: [
      { agent: "odd", unit: { unit: "odd.service", load: "not-found", active: "inactive", fileState: null } },
      { agent: "a", unit: { unit: A, active: "active", sub: "exited", fileState: "disabled" } },
    ],
  });
});

test("names that systemctl would take for a pattern or an option never reach it", async () => {
  const odd = ["*", "mosaic-*", "a b.service", "$(id).service", "--help", "ok.service"];
  await sample(() => odd.map((unit) => ({ unit, agent: null })));
  expect(shown()).toEqual(["--help ok.service"]);
  expect(calls().at(-1)).toContain(" -- --help ok.service");
});

test("without systemctl, without a manager, or without an answer the units are unknown and the reason is said", async () => {
  const missing = await sample(undefined, {}, "nowhere");
  expect(missing.reports).toEqual([
    { scope: "", state: "unavailable", reason: expect.stringContaining("is not installed") },
  ]);
  has("fail", "Failed to connect to bus: No such file or directory\nmore\n");
  const gone = await sample();
  expect(gone.reports).toMatchObject([
    {
      state: "unavailable",
      reason: expect.stringMatching(/^Failed to connect to bus: No such file or directory \(/),
    },
  ]);
  rmSync(join(directory, "fail"));
  has("hang", "");
  const late = await sample(undefined, { deadlineMs: 100 });
  expect(late.reports).toMatchObject([
    { state: "unavailable", reason: expect.stringContaining("did not answer") },
  ]);
  rmSync(join(directory, "hang"));
  has("list", "UNIT LOAD ACTIVE");
  const strange = await sample();
  expect(strange.reports).toMatchObject([{ state: "unavailable", reason: expect.stringContaining("JSON") }]);
  for (const log of [missing, gone, late, strange]) expect(log.batches).toEqual([]);
});

test("a link made by hand is found where the manager does not know it, and what cannot be decided is not known", async () => {
  loaded([A, "active", "exited", "disabled"], [B, "active", "exited", "enabled"]);
  symlinkSync("../x", join(directory, "links/default.target.wants", A));
  has(`enabled/${A}`, "enabled\n");
  const log = await sample();
  expect(log.last()?.units.map(({ unit }) => unit.fileState)).toEqual(["enabled", null]);
});

test("a signal about a unit of the fleet asks about that unit, a burst of them once, others not at all", async () => {
  const server = await startBus();
  loaded([A, "active", "exited"], [B, "active", "exited"]);
  const log = await watch(undefined, { coalesceMs: 100 });
  await settled(log);
  expect(server.calls.map(({ member }) => member)).toEqual(
    expect.arrayContaining(["Hello", "AddMatch", "Subscribe", "Ping"]),
  );
  const before = shown().length;
  server.signal("PropertiesChanged", "/org/freedesktop/systemd1/unit/stranger_2eservice", []);
  server.signal("UnitRemoved", "/org/freedesktop/systemd1", [A]);
  loaded([A, "failed", "failed"], [B, "active", "exited"]);
  for (let time = 0; time < 20; time += 1) server.signal("PropertiesChanged", UNIT_A, []);
  await eventually(() => log.last()?.complete).toBe(false);
  expect(log.last()?.units).toMatchObject([{ agent: "a", unit: { unit: A, active: "failed" } }]);
  await settledTicks(log, 3);
  expect(shown().slice(before)).toEqual([A]);
});

/** Waits until some signs of life followed upon each other with nothing in between. */
async function settledTicks(log: Log, count: number): Promise<void> {
  await eventually(() => log.batches.slice(-count).every(({ observed }) => observed !== undefined)).toBe(
    true,
  );
}

test("while nothing is signalled only the bus is asked, and systemctl is left alone", async () => {
  await startBus();
  loaded([A, "active", "exited"]);
  const log = await watch();
  await settled(log);
  const before = calls().length;
  await settledTicks(log, 5);
  expect(calls().length).toBe(before);
});

test("after a reload everything is looked at, and a unit that is no longer loaded is no longer there", async () => {
  const server = await startBus();
  loaded([A, "active", "exited"], [B, "active", "exited"]);
  const log = await watch();
  await settled(log);
  loaded([B, "active", "exited"]);
  server.signal("Reloading", "/org/freedesktop/systemd1", [false]);
  await eventually(() => log.last()?.units.map(({ agent }) => agent)).toEqual(["b"]);
  expect(log.last()?.complete).toBe(true);
});

test("a manager that stops answering on the bus is asked for everything over a new connection", async () => {
  const server = await startBus({ ignore: ["Ping"] });
  const log = await watch(undefined, { deadlineMs: 1_000, tickMs: 20 });
  await eventually(() => server.calls.filter(({ member }) => member === "Hello").length).toBeGreaterThan(1);
  expect(log.reports).toContainEqual({
    scope: BUS_SCOPE,
    state: "unavailable",
    reason: expect.stringContaining('did not answer "ping"'),
  });
});

test("without a bus the loaded units are listed, and only what changed is asked about", async () => {
  loaded([A, "active", "exited"], [B, "active", "running"]);
  const log = await watch();
  await eventually(() => log.last()?.units.length).toBe(2);
  expect(log.of(BUS_SCOPE)).toMatchObject({
    state: "unavailable",
    reason: expect.stringContaining("every 60 ms"),
  });
  expect(log.of("")).toEqual({ scope: "", state: "observed" });
  const before = shown().length;
  loaded([A, "failed", "failed"], [B, "active", "running"]);
  await eventually(() => log.last()?.units).toMatchObject([{ unit: { unit: A, active: "failed" } }]);
  // B is unloaded: it is asked about, and is then known to be gone.
  loaded([A, "failed", "failed"]);
  rmSync(join(directory, "show", B));
  await eventually(() => log.last()?.units).toMatchObject([{ unit: { unit: B, active: "inactive" } }]);
  await settledTicks(log, 3);
  expect(shown().slice(before)).toEqual([A, B]);
});

test("when the bus comes back it is used, and everything is looked at once more", async () => {
  loaded([A, "active", "exited"]);
  const log = await watch();
  await eventually(() => log.of(BUS_SCOPE)?.state).toBe("unavailable");
  await startBus();
  await settled(log);
  const looks = log.snapshots().length;
  bus?.drop();
  await eventually(() => log.snapshots().length).toBeGreaterThan(looks);
  await settled(log);
});

test("another roster is looked at with the next tick", async () => {
  await startBus();
  let units: UnitOfInterest[] = [];
  const log = await watch(() => units);
  await settled(log);
  units = [{ unit: "odd.service", agent: "odd" }];
  await eventually(() => log.last()?.units.map(({ agent }) => agent)).toEqual(["odd"]);
  units = [];
  await eventually(() => log.last()?.units).toEqual([]);
  expect(log.last()?.complete).toBe(true);
});

test("a link that comes or goes is seen while watching", async () => {
  await startBus();
  loaded([A, "active", "exited", "disabled"]);
  const log = await watch(undefined, { tickMs: 60_000 });
  await eventually(() => log.last()?.complete).toBe(true);
  await eventually(() => log.of(BUS_SCOPE)?.state).toBe("observed");
  has(`enabled/${A}`, "enabled\n");
  const link = join(directory, "links/default.target.wants", A);
  await eventually(() => {
    // The file watcher may not have begun yet: a link is made again until it is seen.
    rmSync(link, { force: true });
    symlinkSync("../x", link);
    return log.last()?.units[0]?.unit.fileState;
  }).toBe("enabled");
});

test("lingering that is switched off is told by a look, or alone and once where the manager is gone with it", async () => {
  await startBus();
  const log = await watch();
  await settled(log);
  rmSync(join(directory, "linger/alice"));
  await eventually(() => log.last()?.manager.linger).toBe("no");
  has("linger/alice", "");
  await eventually(() => log.last()?.manager.linger).toBe("yes");

  has("fail", "Failed to connect to bus: No such file or directory\n");
  rmSync(join(directory, "linger/alice"));
  await bus?.close();
  const told = () => log.batches.flatMap(({ events }) => events ?? []);
  await eventually(() => told().map(({ payload }) => payload)).toMatchObject([
    { linger: "no", version: "252.39-1" },
  ]);
  const failures = log.reports.length;
  await eventually(() => log.reports.length).toBeGreaterThan(failures + 5);
  expect(told()).toHaveLength(1);
  expect(log.of("")).toMatchObject({ state: "unavailable" });
  expect(log.snapshots().flatMap(({ units }) => units)).toEqual([]);
});

test.each([
  ["one unit", "PropertiesChanged", UNIT_A, []],
  ["everything", "Reloading", "/org/freedesktop/systemd1", [false]],
] as const)(
  "after a failed look at %s the next one is whole, whatever the bus says meanwhile",
  async (_, member, path, args) => {
    const server = await startBus();
    loaded([A, "active", "exited"], [B, "active", "exited"]);
    const log = await watch();
    await settled(log);
    const before = log.batches.length;
    has("fail", "Failed to list units: Connection timed out\n");
    loaded([A, "failed", "failed"], [B, "failed", "failed"]);
    server.signal(member, path, args);
    await eventually(() => log.of("")?.state).toBe("unavailable");
    rmSync(join(directory, "fail"));
    await eventually(() => log.of("")?.state).toBe("observed");
    // Nothing is called seen before it has been looked at again.
    expect(
      log.batches.slice(before).find(({ observed, snapshot }) => observed ?? snapshot)?.snapshot,
    ).toMatchObject({
      complete: true,
      units: [{ unit: { active: "failed" } }, { unit: { active: "failed" } }],
    });
  },
);

test("a manager that comes back is looked at whole", async () => {
  has("fail", "Failed to connect to bus: No such file or directory\n");
  loaded([A, "active", "exited"]);
  const log = await watch();
  await eventually(() => log.of("")?.state).toBe("unavailable");
  rmSync(join(directory, "fail"));
  await eventually(() => log.last()?.units.map(({ agent }) => agent)).toEqual(["a"]);
  expect(log.of("")?.state).toBe("observed");
});

test("where no manager listens, systemctl is not started in vain again and again, and asked at once when one does", async () => {
  rmSync(join(directory, "systemd/private"));
  has("fail", "Failed to connect to bus: No such file or directory\n");
  loaded([A, "active", "exited"]);
  const log = await watch();
  const refusals = () => log.reports.filter(({ scope }) => scope === "").length;
  await eventually(refusals).toBeGreaterThan(5);
  expect(log.of("")?.state).toBe("unavailable");
  // The first look asks for the list; it is refused, and nothing more is asked.
  expect(calls()).toHaveLength(1);
  rmSync(join(directory, "fail"));
  has("systemd/private", "");
  await eventually(() => log.last()?.units.map(({ agent }) => agent)).toEqual(["a"]);
});

test("a manager may answer at its own socket, on the user's bus or on the bus of the environment", () => {
  const nowhere = join(directory, "links");
  has("elsewhere", "");
  expect(canBeAsked(directory, undefined)).toBe(true);
  expect(canBeAsked(nowhere, undefined)).toBe(false);
  expect(canBeAsked(nowhere, "")).toBe(false);
  expect(canBeAsked(nowhere, `unix:path=${nowhere}/bus`)).toBe(false);
  expect(canBeAsked(nowhere, `unix:path=${nowhere}/bus;unix:path=${directory}/elsewhere,guid=1`)).toBe(true);
  // What names no file may be there or not: it is asked.
  expect(canBeAsked(nowhere, "unix:abstract=/tmp/dbus-1")).toBe(true);
});

test("it ends soon after the signal, also while systemctl hangs", async () => {
  has("hang", "");
  const log = createLog();
  const watching = collector(undefined, { deadlineMs: 60_000 }).watch(contextOf(log));
  await eventually(() => calls().length).toBe(1);
  const begun = performance.now();
  stop.abort();
  await watching;
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(log.reports.filter(({ scope }) => scope === "")).toEqual([]);
});

test("what the log refuses ends the collector with that error, the bus and its answers notwithstanding", async () => {
  await startBus();
  const log = createLog();
  const context = {
    ...contextOf(log),
    emit: () => {
      throw new Error("the disk is full");
    },
  };
  await expect(collector().watch(context)).rejects.toThrow("the disk is full");
});
