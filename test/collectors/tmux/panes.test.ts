import { expect, test } from "vitest";
import type { ProcessStat } from "../../../collectors/proc/stat.ts";
import type { RawPane } from "../../../collectors/tmux/look.ts";
import { type ProcessView, seeClients, seePanes } from "../../../collectors/tmux/panes.ts";

const raw = (known: Partial<RawPane> = {}): RawPane => ({
  session: "$0",
  window: "@0",
  pane: "%0",
  pid: 100,
  dead: false,
  status: null,
  signal: null,
  diedAtSeconds: null,
  activitySeconds: 50,
  createdSeconds: 40,
  viewer: false,
  name: "coder0",
  ...known,
});

const stat = (known: Partial<ProcessStat> = {}): ProcessStat => ({
  pid: 100,
  state: "S",
  ppid: 1,
  pgrp: 100,
  ttyNr: 34816,
  tpgid: 100,
  threads: 1,
  startTicks: 500,
  comm: "agent",
  image: null,
  exitCode: 0,
  ...known,
});

const view = (process: ProcessStat | null, isLongDead = false): ProcessView => ({
  serverPid: 1,
  read: () => process,
  bootId: "5aae9575-0000",
  bootClock: { bootedAtUs: 1_000_000 },
  isLongDead: () => isLongDead,
});

test("a living pane carries its process's life", () => {
  const { panes, processes, lost, unsettled } = seePanes([raw()], view(stat()));
  expect(panes).toEqual([
    {
      session: "$0",
      window: "@0",
      pane: "%0",
      name: "coder0",
      pid: 100,
      start: 500,
      startedAtUs: 6_000_000,
      incarnation: "5aae9575-100-500",
      dead: false,
      status: null,
      signal: null,
      diedAtUs: null,
      activityAtUs: 50_000_000,
      sessionCreatedAtUs: 40_000_000,
    },
  ]);
  expect(processes).toEqual([{ pid: 100, startTicks: 500 }]);
  expect([lost, unsettled]).toEqual([[], []]);
});

test("a process of the same pid that the server did not start is somebody else's", () => {
  const { panes, processes } = seePanes([raw()], view(stat({ ppid: 77 })));
  expect(panes[0]).toMatchObject({ start: null, startedAtUs: null, incarnation: null, dead: false });
  expect(processes).toEqual([]);
});

test("a dead pane whose status tmux lost is told by the kernel, and the server is known to have lost it", () => {
  const ends = [
    { exitCode: 4 << 8, status: 4, signal: null },
    { exitCode: 0, status: 0, signal: null },
    { exitCode: 9, status: null, signal: 9 },
    { exitCode: 11 | 0x80, status: null, signal: 11 },
  ];
  for (const { exitCode, status, signal } of ends) {
    const { panes, lost } = seePanes([raw({ dead: true })], view(stat({ state: "Z", exitCode })));
    expect(panes[0]).toMatchObject({ dead: true, status, signal, start: 500 });
    expect(lost).toEqual([{ pane: "%0", pid: 100, name: "coder0", tmuxSays: "dead" }]);
  }
});

test("a zombie in a pane that tmux calls alive is dead only once it has been one for long", () => {
  const zombie = stat({ state: "Z", exitCode: 3 << 8 });
  expect(seePanes([raw()], view(zombie)).panes[0]).toMatchObject({ dead: false, status: null });
  const late = seePanes([raw()], view(zombie, true));
  expect(late.panes[0]).toMatchObject({ dead: true, status: 3 });
  expect(late.lost).toMatchObject([{ tmuxSays: "alive" }]);
});

test("a pane whose process tmux has reaped is dead, also while a child holds its terminal open", () => {
  const { panes, lost } = seePanes([raw({ status: 7 })], view(null));
  expect(panes[0]).toMatchObject({ dead: true, status: 7, signal: null });
  expect(lost).toEqual([]);
});

test("a pane called dead without a word about how is asked about again", () => {
  expect(seePanes([raw({ dead: true })], view(null)).unsettled).toEqual(["%0 100"]);
  // A program that closed its terminal and lives on, and a pane that was made without a program.
  expect(seePanes([raw({ dead: true })], view(stat())).unsettled).toEqual([]);
  expect(seePanes([raw({ dead: true, pid: 0 })], view(null)).unsettled).toEqual([]);
});

test("a client is told with the name of its session", () => {
  const client = { pid: 5, session: "$0", readOnly: true, control: false, client: "/dev/pts/1" };
  expect(seeClients([client], [raw()])).toEqual([{ ...client, name: "coder0" }]);
  expect(seeClients([{ ...client, session: "$9" }], [raw()])).toMatchObject([{ name: "" }]);
});
