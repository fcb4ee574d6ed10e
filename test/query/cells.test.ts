import { beforeEach, describe, expect, test } from "vitest";
import { checkRow, checkRows } from "../../query/check.ts";
import type { FoldedLog } from "../support/fold.ts";
import { beatLook, paneSeen, processLook, SOCKET, systemdLook, tmuxLook } from "../support/looks.ts";
import { rowOf, tableOf } from "../support/table.ts";
import { type FleetAtRest, fleetAtRest } from "./fleet-at-rest.ts";

const S = 1_000_000;
let log: FoldedLog;
let t: number;
let at: FleetAtRest["at"];
let row: FleetAtRest["row"];
beforeEach(() => {
  ({ log, t, at, row } = fleetAtRest());
});

describe("cells", () => {
  test("a program that is not the roster's runtime is drift; an unread process is neither yes nor no", () => {
    expect(row(t + 1 * S).drift).toMatchObject({ state: "no", expected: "pi", actual: "pi" });
    at(t + 2 * S).look(
      processLook(t + 2 * S, [{ agent: "coder0", pane: "%1", panePid: 1001, name: "dogfood-agent.py" }]),
    );
    expect(row(t + 3 * S)).toMatchObject({
      drift: { state: "yes", actual: "dogfood-agent.py" },
      flags: ["drift", "boot"],
    });
    expect(row(t + 3 * S, "coder0", ["process"])).toMatchObject({ drift: { state: "unknown" } });
  });

  test("the boot gap names its reasons, and is unknown while systemd is", () => {
    expect(row(t + 1 * S).boot).toMatchObject({ state: "yes", reasons: ["unit-disabled"] });
    expect(row(t + 1 * S, "_holder").boot).toMatchObject({ state: "yes", reasons: ["no-unit"] });
    expect(row(t + 1 * S, "coder0", ["systemd"]).boot).toMatchObject({ state: "unknown", reasons: [] });
    at(t + 2 * S).look(
      systemdLook(t + 2 * S, { "mosaic-agent@coder0.service": { fileState: "enabled" } }, { linger: "no" }),
    );
    expect(row(t + 2 * S).boot).toMatchObject({ state: "yes", reasons: ["linger-off"] });
    at(t + 3 * S).look(systemdLook(t + 3 * S, { "mosaic-agent@coder0.service": { fileState: "enabled" } }));
    expect(row(t + 3 * S).boot).toMatchObject({ state: "no", reasons: [] });
  });

  test("a session of its name on another socket is marked as one that its unit would not start, whatever systemd tells", () => {
    const other = "/tmp/tmux-1000/other";
    at(t + 1 * S).look(tmuxLook(t + 1 * S, [paneSeen("coder0", 1)]));
    const elsewhere = { scope: other, server: { pid: 950, start: 6, version: "3.3a" } };
    at(t + 2 * S).look(tmuxLook(t + 2 * S, [paneSeen("_holder", 0, { pid: 2000 })], elsewhere));
    // A look at each of the two sockets.
    const outcomes = [SOCKET, other].map((scope) => ({
      ...{ source: "tmux", scope, state: "observed" as const, reason: null },
    }));
    const observer = { state: "one-shot", sinceUs: t + 2 * S, outcomes } as const;
    const holder = rowOf(tableOf(log, t + 2 * S, { observer }), "_holder");
    expect(holder).toMatchObject({
      status: "running",
      pane: { socket: other },
      systemd: { active: "unknown" },
      boot: { state: "yes", reasons: ["socket"] },
      flags: ["boot"],
    });
  });

  test("idle is the time since the window's last output, by gauge or by event", () => {
    const gauges = { "/tmp/tmux-1000/mosaic-factory": { "%1": t + 3 * S } };
    expect(rowOf(tableOf(at(t + 15 * S), t + 15 * S, { gauges }), "coder0").idle.seconds).toBe(12);
  });

  test("of a past moment nobody knows to the second since when it is idle", () => {
    const gauges = { "/tmp/tmux-1000/mosaic-factory": { "%1": t + 3 * S } };
    const idle = (readings: typeof gauges | null) =>
      rowOf(tableOf(at(t + 15 * S), t + 15 * S, { gauges: readings }), "coder0").idle.seconds;
    expect([idle(gauges), idle(null)]).toEqual([12, null]);
  });

  test("sessions that no roster names are shown with all, and without a roster", () => {
    const stray = paneSeen("my $(rm) #{x} | session", 5, { startedAtUs: t });
    at(t + 1 * S).look(tmuxLook(t + 1 * S, [paneSeen("_holder", 0), paneSeen("coder0", 1), stray]));
    expect(tableOf(log, t + 1 * S).agents.map((agent) => agent.name)).toEqual(["coder0", "_holder"]);
    const shown = rowOf(tableOf(log, t + 1 * S, { all: true }), stray.name);
    expect(shown).toMatchObject({
      status: "running",
      unrostered: true,
      flags: ["boot", "unrostered"],
      systemd: { unit: null },
    });
    expect(checkRow(shown)).toBe(0);
  });

  test("a heartbeat file that was spoilt is neither seen nor gone; one that is not listed is gone", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    const sweep = { ...beatLook(t + 2 * S, "coder0", t + 1 * S), beats: [], complete: true };
    expect(at(t + 2 * S).look({ ...sweep, unreadable: ["coder0"] })).toEqual([]);
    expect(row(t + 3 * S).status).toBe("healthy");
    expect(log.look(sweep).map((event) => event.type)).toEqual(["heartbeat.file.removed"]);
    expect(row(t + 4 * S).heartbeat).toMatchObject({ health: "unknown", reason: "no-file" });
  });

  test("an agent that beat and whose file is removed is unobserved while a beat could be due, then stale, never silent", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    at(t + 2 * S).look({ ...beatLook(t + 2 * S, "coder0", t + 1 * S), beats: [], complete: true });
    expect(row(t + 40 * S)).toMatchObject({ status: "unobserved", unknown: ["heartbeat"] });
    expect(row(t + 50 * S)).toMatchObject({
      status: "stale",
      heartbeat: { health: "unknown", reason: "no-file" },
    });
  });

  test("a server of the same pid after a reboot is another server, and its panes are other lives", () => {
    const panes = [paneSeen("_holder", 0), paneSeen("coder0", 1)];
    const reborn = [paneSeen("other", 1, { pid: 77 })];
    const server = { pid: 900, start: 6, version: "3.3a" };
    const types = at(t + 5 * S)
      .look(tmuxLook(t + 5 * S, reborn, { server }))
      .map((event) => event.type);
    expect(types.slice(0, 2)).toEqual(["tmux.server.vanished", "tmux.server.appeared"]);
    expect(row(t + 5 * S)).toMatchObject({ status: "dead", status_reason: "tmux server gone" });
    at(t + 6 * S).look(tmuxLook(t + 6 * S, panes, { server }));
    expect(row(t + 6 * S)).toMatchObject({ status: "starting", pane: { state: "alive", id: "%1" } });
  });

  test("a beat of a sidecar is shown as such", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S, { evidence: "sidecar" }));
    expect(row(t + 2 * S)).toMatchObject({
      status: "healthy",
      flags: ["boot", "sidecar"],
      heartbeat: { evidence: "sidecar" },
    });
  });
});

test("check: the worst of critical, unknown, warning", () => {
  at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
  expect(checkRows(tableOf(at(t + 2 * S), t + 2 * S).agents)).toBe(1); // boot gap
  expect(checkRows(tableOf(log, t + 60 * S, { unavailable: ["tmux"] }).agents)).toBe(3);
  expect(checkRows(tableOf(log, t + 60 * S).agents)).toBe(2);
  expect(checkRows([])).toBe(0);
});
