import { beforeEach, describe, expect, test } from "vitest";
import { plain } from "../../cli/render/colour.ts";
import { formatPs } from "../../cli/render/ps-table.ts";
import { explainAgent } from "../../query/ps.ts";
import { outlivesItsPane } from "../../query/row.ts";
import { whyDocument } from "../../query/why.ts";
import type { FoldedLog } from "../support/fold.ts";
import {
  beatLook,
  paneSeen,
  processLook,
  rosterLook,
  SOCKET,
  systemdLook,
  tmuxLook,
} from "../support/looks.ts";
import { presentOf, rowOf, tableOf } from "../support/table.ts";
import { type FleetAtRest, fleetAtRest } from "./fleet-at-rest.ts";

const S = 1_000_000;
let log: FoldedLog;
let t: number;
let at: FleetAtRest["at"];
let row: FleetAtRest["row"];
beforeEach(() => {
  ({ log, t, at, row } = fleetAtRest());
});

describe("the ladder", () => {
  test("a living pane that has not beaten is starting, and silent after three intervals, never healthy", () => {
    expect(row(t + 1 * S)).toMatchObject({
      status: "starting",
      heartbeat: { health: "unknown", reason: "no-file" },
    });
    expect(row(t + 45 * S)).toMatchObject({ status: "starting" });
    expect(row(t + 45 * S + 1)).toMatchObject({ status: "silent", status_reason: "never beat" });
  });

  test("a beat makes healthy for exactly three intervals, then stale, dated from that moment", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    expect(row(t + 46 * S)).toMatchObject({ status: "healthy", heartbeat: { age_seconds: 45 } });
    const stale = row(t + 46 * S + 1);
    expect(stale).toMatchObject({ status: "stale", status_reason: "no beat" });
    expect(stale.since).toBe(new Date((t + 46 * S) / 1000).toISOString());
  });

  test("one that was killed before its whole server went is dead, and why it is not failed is no other story", () => {
    at(t + 5 * S).look(
      tmuxLook(t + 5 * S, [paneSeen("_holder", 0), paneSeen("coder0", 1, { dead: true, signal: 9 })]),
    );
    at(t + 9 * S).look(tmuxLook(t + 9 * S, [], { server: null, goneReason: "refused" }));
    const { verdict } = explainAgent(presentOf(at(t + 10 * S), t + 10 * S), "coder0");
    expect(verdict).toMatchObject({ status: "dead", reason: "signal 9" });
    expect(verdict.rungs.find(({ status }) => status === "failed")).toMatchObject({
      holds: "no",
      because: expect.stringMatching(/^signal 9, but its whole server went; its unit is /),
    });
  });

  test.each(["busy", "waiting"] as const)("a fresh beat that says %s is %s", (status) => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S, { status }));
    expect(row(t + 2 * S).status).toBe(status);
  });

  test("a beat that does not know what its agent does is of one that lives, and that may be waiting", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S, { status: "unknown" }));
    expect(row(t + 2 * S)).toMatchObject({
      status: "healthy",
      status_reason: "activity unknown",
      unknown: ["heartbeat"],
    });
  });

  test("a beat whose process is gone is stale at once, though its time has not passed", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    at(t + 2 * S).look(beatLook(t + 2 * S, "coder0", t + 1 * S, { alive: false }));
    expect(row(t + 2 * S)).toMatchObject({ status: "stale", status_reason: "pid-gone" });
  });

  test("a process that was gone says nothing of now, once nobody reads the beats that another may have written since", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    at(t + 2 * S).look(beatLook(t + 2 * S, "coder0", t + 1 * S, { alive: false }));
    for (const us of [t + 3 * S, t + 90 * S]) {
      const seen = rowOf(tableOf(at(us), us, { observer: { state: "absent" } }), "coder0");
      expect(seen).toMatchObject({
        status: "unobserved",
        heartbeat: { health: "unknown", reason: "unwatched" },
      });
      expect(seen.unknown).toContain("heartbeat");
    }
    expect(row(t + 90 * S)).toMatchObject({ status: "stale", status_reason: "pid-gone" });
  });

  test("a beat of an earlier life does not make this one healthy", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t - 1 * S));
    expect(row(t + 2 * S)).toMatchObject({
      status: "starting",
      heartbeat: { reason: "previous-incarnation" },
    });
  });

  test("a beat from the future is unknown because of the clock, and gives way to a right one", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 3600 * S));
    expect(row(t + 2 * S)).toMatchObject({
      status: "unobserved",
      unknown: ["heartbeat"],
      heartbeat: { reason: "clock" },
    });
    at(t + 3 * S).look(beatLook(t + 3 * S, "coder0", t + 3 * S));
    expect(row(t + 3 * S).status).toBe("healthy");
  });

  test("a process killed in a pane that remains is failed with its signal; the unit honestly stays active", () => {
    at(t + 5 * S).look(
      tmuxLook(t + 5 * S, [paneSeen("_holder", 0), paneSeen("coder0", 1, { dead: true, signal: 9 })]),
    );
    expect(row(t + 5 * S)).toMatchObject({
      status: "failed",
      status_reason: "signal 9",
      pane: { state: "dead", signal: 9, exit_status: null },
      systemd: { active: "active", sub: "exited" },
    });
  });

  test.each([
    [{ status: 3 }, "exit 3"],
    [{ signal: 9 }, "signal 9"],
    [{ status: 0 }, "exit 0"],
    [{}, "exit status lost"],
  ])("one that is not expected to beat and died with %j is dead with the reason %s", (end, reason) => {
    const stray = { dead: true, status: null, signal: null, ...end };
    at(t + 5 * S).look(
      tmuxLook(t + 5 * S, [paneSeen("_holder", 0, stray), paneSeen("coder0", 1), paneSeen("sh", 5, stray)]),
    );
    for (const name of ["_holder", "sh"]) {
      const table = tableOf(at(t + 5 * S), t + 5 * S, { all: true });
      expect(rowOf(table, name)).toMatchObject({ status: "dead", status_reason: reason });
    }
  });

  test("a closed pane is dead, and a session made again is a new life that starts", () => {
    at(t + 5 * S).look(tmuxLook(t + 5 * S, [paneSeen("_holder", 0)]));
    expect(row(t + 5 * S)).toMatchObject({ status: "dead", pane: { state: "missing", pid: null } });
    at(t + 9 * S).look(
      tmuxLook(t + 9 * S, [paneSeen("_holder", 0), paneSeen("coder0", 2, { startedAtUs: t + 9 * S })]),
    );
    expect(row(t + 10 * S)).toMatchObject({ status: "starting", pane: { state: "alive", id: "%2" } });
  });

  test("one that has beaten since its pane went is dead by the ladder, and its row says that its process still beats", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    at(t + 5 * S).look(tmuxLook(t + 5 * S, [], { server: null, goneReason: "refused" }));
    // A beat from before the end does not prove that it beats on.
    expect(outlivesItsPane(row(t + 6 * S))).toBe("pid 4000 was not seen to end");
    at(t + 8 * S).look(beatLook(t + 8 * S, "coder0", t + 8 * S));
    const table = tableOf(at(t + 9 * S), t + 9 * S);
    const alive = rowOf(table, "coder0");
    expect(alive).toMatchObject({ status: "dead", heartbeat: { health: "healthy", pid: 4000 } });
    expect(outlivesItsPane(alive)).toBe("pid 4000 still beats");
    const line = formatPs(table, { width: null, paint: plain }).find((text) => text.includes("coder0")) ?? "";
    expect(line).toMatch(/ \? .*tmux server gone, pid 4000 still beats$/);
    at(t + 10 * S).look(beatLook(t + 10 * S, "coder0", t + 8 * S, { alive: false }));
    expect(outlivesItsPane(row(t + 10 * S))).toBeNull();
  });

  test("a server that is gone turns every row with one event", () => {
    const events = at(t + 5 * S).look(tmuxLook(t + 5 * S, [], { server: null, goneReason: "refused" }));
    expect(events.map((event) => event.type)).toEqual(["tmux.server.vanished"]);
    expect(row(t + 5 * S)).toMatchObject({
      status: "dead",
      status_reason: "tmux server gone",
      systemd: { active: "active" },
    });
    expect(row(t + 5 * S, "_holder")).toMatchObject({ status: "dead", status_reason: "tmux server gone" });
  });

  test("a tmux that does not answer is unknown, not dead; a fresh beat still proves health, and nothing does after its reach", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    expect(row(t + 2 * S, "coder0", ["tmux"])).toMatchObject({
      status: "healthy",
      pane: { state: "unknown" },
    });
    expect(row(t + 2 * S, "coder0", ["tmux"]).unknown).toContain("pane");
    const later = row(t + 60 * S, "coder0", ["tmux"]);
    expect(later).toMatchObject({ status: "unobserved", pane: { state: "unknown" } });
    expect(row(t + 60 * S, "_holder", ["tmux"]).status).toBe("unobserved");
  });

  test("a recorder that is stopped and still holds its lease invents no staleness", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    for (const source of ["tmux", "heartbeat", "systemd"] as const) {
      const payload = { source, scope: source === "tmux" ? SOCKET : "" };
      log.append({
        type: "recorder.source.started",
        agent: null,
        source: "recorder",
        occurredAtUs: t,
        precision: "us",
        payload,
      });
    }
    const nowUs = t + 48 * S;
    const observed = (aliveAtUs: number) =>
      rowOf(tableOf(at(nowUs), nowUs, { observer: { state: "recording", sinceUs: t, aliveAtUs } }), "coder0");
    expect(observed(t + 44 * S)).toMatchObject({ status: "unobserved", heartbeat: { reason: "unwatched" } });
    expect(observed(t + 46 * S + 1).status).toBe("stale");
    expect(observed(nowUs - 1 * S).status).toBe("stale");
  });

  test("the status of a beat that is right begins with it, not with one that was dated in the future", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 3600 * S));
    at(t + 3 * S).look(beatLook(t + 3 * S, "coder0", t + 3 * S));
    at(t + 4 * S).look(beatLook(t + 4 * S, "coder0", t + 4 * S));
    expect(row(t + 5 * S).since).toBe(new Date((t + 3 * S) / 1000).toISOString());
  });

  test("a session renamed away and back is healthy since it came back, and its death keeps its own reason", () => {
    const named = (name: string) => [paneSeen("_holder", 0), paneSeen(name, 1)];
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    at(t + 5 * S).look(tmuxLook(t + 5 * S, named("zed")));
    expect(row(t + 6 * S)).toMatchObject({ status: "dead", status_reason: "session renamed to zed" });
    at(t + 7 * S).look(tmuxLook(t + 7 * S, named("coder0")));
    expect(row(t + 8 * S)).toMatchObject({
      status: "healthy",
      since: new Date((t + 7 * S) / 1000).toISOString(),
    });
    at(t + 9 * S).look(tmuxLook(t + 9 * S, [paneSeen("_holder", 0)]));
    at(t + 20 * S).look(tmuxLook(t + 20 * S, [], { server: null, goneReason: "refused" }));
    expect(row(t + 21 * S)).toMatchObject({
      status_reason: "pane missing",
      since: new Date((t + 9 * S) / 1000).toISOString(),
    });
  });

  test("how it ended is what it died of, whatever takes its pane away afterwards", () => {
    const ended = paneSeen("coder0", 1, { dead: true, status: 3, start: null, diedAtUs: t + 3 * S });
    const holder = paneSeen("_holder", 0);
    at(t + 4 * S).look(tmuxLook(t + 4 * S, [holder, ended]));
    const failed = {
      status: "failed",
      status_reason: "exit 3",
      since: new Date((t + 3 * S) / 1000).toISOString(),
    };
    expect(row(t + 5 * S)).toMatchObject({ ...failed, pane: { state: "dead", exit_status: 3 } });
    at(t + 6 * S).look(tmuxLook(t + 6 * S, [holder]));
    expect(row(t + 7 * S)).toMatchObject({ ...failed, pane: { state: "missing", exit_status: 3 } });
    at(t + 8 * S).look(tmuxLook(t + 8 * S, [], { server: null, goneReason: "refused" }));
    expect(row(t + 9 * S)).toMatchObject(failed);
    expect(row(t + 9 * S, "_holder")).toMatchObject({ status: "dead", status_reason: "tmux server gone" });
  });

  test("a server that goes turns the row of one that had failed as well, and leaves it what it died of", () => {
    const ended = paneSeen("coder0", 1, { dead: true, status: 3, start: null, diedAtUs: t + 3 * S });
    at(t + 4 * S).look(tmuxLook(t + 4 * S, [paneSeen("_holder", 0), ended]));
    expect(row(t + 5 * S)).toMatchObject({ status: "failed", status_reason: "exit 3" });
    at(t + 8 * S).look(tmuxLook(t + 8 * S, [], { server: null, goneReason: "refused" }));
    expect(row(t + 9 * S)).toMatchObject({
      status: "dead",
      status_reason: "exit 3",
      since: new Date((t + 8 * S) / 1000).toISOString(),
    });
  });

  /** What `why` says of the heartbeat. */
  const stateOf = (us: number) => {
    const nobody = { event: () => null, recent: () => [] };
    const asked = { tenantId: "t", host: "h", nowUs: us, logSeq: 1, name: "coder0", lookup: nobody };
    const { cells } = whyDocument(explainAgent(presentOf(at(us), us), "coder0"), asked);
    return cells.find(({ plane }) => plane === "heartbeat")?.state;
  };

  test("nothing is so since later than now, where a beat is dated by a clock that is ahead", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 2.5 * S));
    expect(row(t + 1 * S)).toMatchObject({
      status: "healthy",
      since: new Date((t + 1 * S) / 1000).toISOString(),
    });
    expect(row(t + 3 * S).since).toBe(new Date((t + 2.5 * S) / 1000).toISOString());
  });

  test("a beat file that is refused is said so in its row, until a beat is read or the file is gone", () => {
    const refusedAt = (us: number) =>
      at(us).append({
        type: "collector.input.rejected",
        agent: "coder0",
        source: "heartbeat",
        occurredAtUs: us,
        precision: "us",
        payload: { reason: "no ts", where: "/run/coder0.hb", raw: "rubbish", bytes: 7 },
      });
    expect(row(t + 1 * S).heartbeat.refused).toBeNull();
    refusedAt(t + 2 * S);
    expect(row(t + 3 * S).heartbeat).toMatchObject({ refused: "no ts", reason: "no-file" });
    expect(stateOf(t + 3 * S)).toBe("unknown (its file is refused: no ts)");
    const lines = formatPs(tableOf(log, t + 3 * S), { width: null, paint: plain });
    expect(lines.find((line) => line.includes("coder0"))).toContain("beat refused: no ts");
    at(t + 4 * S).look(beatLook(t + 4 * S, "coder0", t + 4 * S));
    expect(row(t + 5 * S).heartbeat.refused).toBeNull();
    refusedAt(t + 6 * S);
    expect(row(t + 7 * S)).toMatchObject({ status: "healthy", heartbeat: { refused: "no ts" } });
    at(t + 8 * S).look({ ...beatLook(t + 8 * S, "coder0", t), beats: [], complete: true });
    expect(row(t + 9 * S).heartbeat).toMatchObject({ refused: null, reason: "no-file" });
    // What came after the file had gone goes as well, and is told once.
    refusedAt(t + 10 * S);
    expect(row(t + 11 * S).heartbeat).toMatchObject({ refused: "no ts", reason: "no-file" });
    for (const seconds of [12, 13])
      at(t + seconds * S).look({ ...beatLook(t + seconds * S, "coder0", t), beats: [], complete: true });
    expect(row(t + 14 * S).heartbeat).toMatchObject({ refused: null, reason: "no-file" });
    expect(log.events.filter(({ type }) => type === "heartbeat.file.removed")).toHaveLength(2);
  });

  test("a beat of after the end that is told says that another life came and went, of which nothing else is known", () => {
    const dead = paneSeen("coder0", 1, { dead: true, signal: 9, start: null, diedAtUs: t + 3 * S });
    at(t + 2.5 * S).look(beatLook(t + 2.5 * S, "coder0", t + 2.5 * S, { pid: 1001 }));
    at(t + 4 * S).look(tmuxLook(t + 4 * S, [dead]));
    expect(stateOf(t + 50 * S)).toBe("stale");
    at(t + 60 * S).look(beatLook(t + 60 * S, "coder0", t + 30 * S, { pid: 77, alive: false }));
    expect(row(t + 61 * S)).toMatchObject({ status: "failed", status_reason: "signal 9" });
    expect(stateOf(t + 61 * S)).toBe(
      "stale (pid-gone; process 77 has beaten since, and is not known to run)",
    );
  });

  test("who wrote a beat is said where it is no process that was seen in the pane", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S, { pid: 1001 }));
    expect(stateOf(t + 2 * S)).toBe("healthy");
    at(t + 3 * S).look(beatLook(t + 3 * S, "coder0", t + 3 * S, { pid: 77 }));
    expect(stateOf(t + 4 * S)).toBe("healthy (by process 77, which is not one that was seen in its pane)");
    const seen = { agent: "coder0", pane: "%1", panePid: 1001, name: "pi", pid: 77 };
    at(t + 5 * S).look(processLook(t + 5 * S, [seen]));
    expect(stateOf(t + 6 * S)).toBe("healthy");
  });

  test("whole seconds of tmux put no death before the last beat of that life", () => {
    const dies = (diedAtUs: number) =>
      tmuxLook(t + 4 * S, [paneSeen("coder0", 1, { dead: true, signal: 9, start: null, diedAtUs })]);
    at(t + 3.7 * S).look(beatLook(t + 3.7 * S, "coder0", t + 3.7 * S));
    at(t + 4 * S).look(dies(t + 3 * S));
    expect(log.events.at(-1)).toMatchObject({
      type: "tmux.pane.died",
      occurredAtUs: t + 3.7 * S,
      precision: "s",
    });
    expect(row(t + 5 * S)).toMatchObject({
      status_reason: "signal 9",
      since: new Date((t + 3.7 * S) / 1000).toISOString(),
    });
  });

  test("a death of another second than the last beat's, or one after a beat that is dated ahead, keeps tmux's own", () => {
    at(t + 3 * S).look(beatLook(t + 3 * S, "coder0", t + 5.2 * S));
    for (const [number, diedAtUs] of [
      [1, t + 2 * S],
      [2, t + 5 * S],
    ] as const) {
      const dead = { dead: true, status: 1, start: null, diedAtUs };
      at(t + (5 + number / 20) * S).look(
        tmuxLook(t + (5 + number / 20) * S, [paneSeen("coder0", 1, { ...dead, pid: 1000 + number })]),
      );
      expect(log.events.at(-1)).toMatchObject({ type: "tmux.pane.died", occurredAtUs: diedAtUs });
    }
  });

  test("an end that went well, or that tmux kept nothing of, is no loss of the server that goes after it", () => {
    at(t + 1 * S).look(rosterLook(t + 1 * S, { coder0: { lifecycle: "ephemeral" }, coder1: {} }));
    const ended = (status: number | null) => [
      paneSeen("coder0", 1, { dead: true, status }),
      paneSeen("coder1", 2, { dead: true, status: null }),
    ];
    at(t + 2 * S).look(tmuxLook(t + 2 * S, ended(0)));
    at(t + 3 * S).look(tmuxLook(t + 3 * S, [], { server: null, goneReason: "refused" }));
    expect(row(t + 4 * S)).toMatchObject({ status: "finished" });
    expect(row(t + 4 * S, "coder1")).toMatchObject({ status: "dead", status_reason: "exit status lost" });
  });

  test("a session that was renamed is told by its new name until its pane goes there, or dies of something", () => {
    const holder = paneSeen("_holder", 0);
    const named = (name: string, over = {}) => [holder, paneSeen(name, 1, over)];
    at(t + 2 * S).look(tmuxLook(t + 2 * S, named("zed")));
    const since = (second: number) => new Date((t + second * S) / 1000).toISOString();
    const renamed = { status: "dead", status_reason: "session renamed to zed", since: since(2) };
    expect(row(t + 3 * S)).toMatchObject({ ...renamed, pane: { state: "missing" } });
    at(t + 4 * S).look(tmuxLook(t + 4 * S, named("yak")));
    expect(row(t + 5 * S)).toMatchObject({ ...renamed, status_reason: "session renamed to yak" });
    at(t + 6 * S).look(tmuxLook(t + 6 * S, named("yak", { dead: true, status: 3 })));
    expect(row(t + 7 * S)).toMatchObject({ status: "failed", status_reason: "exit 3", since: since(6) });

    at(t + 8 * S).look(tmuxLook(t + 8 * S, [holder, paneSeen("coder0", 2)]));
    at(t + 9 * S).look(tmuxLook(t + 9 * S, [holder, paneSeen("zed", 2)]));
    at(t + 10 * S).look(tmuxLook(t + 10 * S, [holder]));
    expect(row(t + 11 * S)).toMatchObject({
      status: "dead",
      status_reason: "pane missing",
      since: since(10),
    });

    at(t + 12 * S).look(tmuxLook(t + 12 * S, [holder, paneSeen("coder0", 3)]));
    at(t + 13 * S).look(
      tmuxLook(t + 13 * S, [
        paneSeen("_holder", 0, { session: "$0" }),
        paneSeen("_holder", 3, { session: "$0" }),
      ]),
    );
    expect(row(t + 14 * S)).toMatchObject({ status: "dead", status_reason: "pane moved to session _holder" });
    at(t + 15 * S).look(tmuxLook(t + 15 * S, [], { server: null, goneReason: "refused" }));
    expect(row(t + 16 * S)).toMatchObject({
      status: "dead",
      status_reason: "tmux server gone",
      since: since(15),
    });
  });

  test("a beat nobody reads is healthy within its own reach and unknown after it, never stale", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    expect(row(t + 40 * S, "coder0", ["heartbeat"]).status).toBe("healthy");
    expect(row(t + 50 * S, "coder0", ["heartbeat"])).toMatchObject({
      status: "unobserved",
      unknown: ["heartbeat"],
      heartbeat: { health: "unknown", reason: "unwatched" },
    });
  });

  test("with nobody watching every plane is unknown and says how old its last word is", () => {
    const table = tableOf(at(t + 100 * S), t + 100 * S, { observer: { state: "absent" } });
    expect(rowOf(table, "coder0")).toMatchObject({
      status: "unobserved",
      pane: { state: "unknown", observed_at: new Date((t + 100 * S) / 1000).toISOString() },
    });
  });

  test("an agent never seen to run is absent, not dead", () => {
    at(t + 1 * S).look(rosterLook(t + 1 * S, { coder0: {}, coder9: {} }));
    at(t + 2 * S).look(
      systemdLook(t + 2 * S, {
        "mosaic-agent@coder0.service": {},
        "mosaic-agent@coder9.service": { active: "inactive", sub: "dead" },
      }),
    );
    expect(row(t + 2 * S, "coder9")).toMatchObject({ status: "absent", since: null });
  });

  test("a stop job makes stopped, a later start takes it back, and a stop of the boot before counts for nothing", () => {
    const line = (
      what: "stopping" | "starting",
      us: number,
      bootId = "11111111222233334444555555555555",
    ) => ({
      type: "journal.unit.logged",
      agent: "coder0",
      source: "journal" as const,
      occurredAtUs: us,
      precision: "us" as const,
      payload: {
        unit: "mosaic-agent@coder0.service",
        what,
        jobType: what === "stopping" ? "stop" : "start",
        jobResult: null,
        exitCode: null,
        exitStatus: null,
        unitResult: null,
        restarts: null,
        invocationId: null,
        bootId,
        priority: 6,
        message: null,
      },
    });
    at(t + 5 * S).look(tmuxLook(t + 5 * S, [paneSeen("_holder", 0)]));
    log.append(line("stopping", t + 4 * S));
    // Asked for at 4 s, and stopped since its pane was gone.
    const since = new Date((t + 5 * S) / 1000).toISOString();
    expect(row(t + 6 * S)).toMatchObject({ status: "stopped", status_reason: "stop job", since });
    log.append(line("starting", t + 7 * S));
    expect(row(t + 8 * S).status).toBe("stopped");
    expect(row(t + 17 * S).status).toBe("dead");
    log.append(line("stopping", t + 19 * S, "f".repeat(32)));
    expect(row(t + 20 * S).status).toBe("dead");
  });

  test("an ephemeral worker that ends with status 0 is finished", () => {
    at(t + 1 * S).look(rosterLook(t + 1 * S, { coder0: { lifecycle: "ephemeral" } }));
    at(t + 5 * S).look(tmuxLook(t + 5 * S, [paneSeen("coder0", 1, { dead: true, status: 0 })]));
    expect(row(t + 5 * S).status).toBe("finished");
  });

  test("a unit that failed and nothing of it lives is failed; one whose pane beats is judged by the beat and flagged", () => {
    at(t + 1 * S).look(beatLook(t + 1 * S, "coder0", t + 1 * S));
    at(t + 2 * S).look(
      systemdLook(t + 2 * S, {
        "mosaic-agent@coder0.service": { active: "failed", sub: "failed", result: "exit-code" },
      }),
    );
    expect(row(t + 3 * S)).toMatchObject({ status: "healthy", flags: ["unit-failed", "boot"] });
    at(t + 4 * S).look(tmuxLook(t + 4 * S, [paneSeen("_holder", 0)]));
    expect(row(t + 4 * S)).toMatchObject({ status: "failed", status_reason: "unit exit-code" });
  });

  test("a pane that was split off is never taken for the agent", () => {
    const split = paneSeen("coder0", 7, { session: "$1", window: "@1" });
    at(t + 1 * S).look(tmuxLook(t + 1 * S, [paneSeen("_holder", 0), paneSeen("coder0", 1), split]));
    at(t + 2 * S).look(tmuxLook(t + 2 * S, [paneSeen("_holder", 0), split]));
    expect(row(t + 2 * S)).toMatchObject({ status: "dead", pane: { state: "missing" } });
  });
});
