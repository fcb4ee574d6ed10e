import { beforeEach, describe, expect, test } from "vitest";
import { asOf } from "../../../query/history/as-of.ts";
import type { PsDocument } from "../../../query/row.ts";
import { beatLook, paneSeen, processLook, SOCKET, systemdLook, tmuxLook } from "../../support/looks.ts";
import { rowOf } from "../../support/table.ts";
import type { Story } from "./story.ts";
import { createStory, hookLine } from "./story.ts";

let story: Story;
const at = (second: number, all = false): PsDocument =>
  asOf(story.history(), {
    tenantId: "t",
    host: "h",
    logSeq: story.log.events.length,
    beginsUs: story.at(0),
    atUs: story.at(second),
    all,
  });

beforeEach(() => {
  story = createStory();
  const panes = [
    paneSeen("coder0", 1, { startedAtUs: story.at(10) }),
    paneSeen("scratch", 2, { startedAtUs: story.at(11) }),
  ];
  story.record(
    15,
    tmuxLook(story.at(15), panes),
    systemdLook(story.at(15), { "mosaic-agent@coder0.service": {} }),
  );
  story.look(16, processLook(story.at(16), [{ agent: "coder0", pane: "%1", panePid: 1001, name: "pi" }]));
  story.look(20, beatLook(story.at(20), "coder0", story.at(20)));
  story.look(40, tmuxLook(story.at(40), []));
  story.stop(100);
});

describe("the table as of a moment", () => {
  test("shows each agent as it was then, in the shape of ps", () => {
    const table = at(30);
    expect(table).toMatchObject({ schema: "fleet.ps.v1", at: new Date(story.at(30) / 1000).toISOString() });
    expect(rowOf(table, "coder0")).toMatchObject({
      status: "healthy",
      incarnation: "11111111-1001-11",
      pane: { state: "alive", id: "%1", command: "pi", socket: SOCKET },
      heartbeat: { health: "healthy", age_seconds: 10 },
      systemd: { active: "active" },
      drift: { state: "no" },
      unknown: [],
    });
    expect(rowOf(at(50), "coder0")).toMatchObject({ status: "dead", pane: { state: "missing" } });
  });

  test("says who was watching then, not who watches now", () => {
    expect(at(30).observer).toMatchObject({ state: "recording", sources: { tmux: { state: "fresh" } } });
    expect(at(120).observer).toMatchObject({
      state: "absent",
      since: null,
      sources: { tmux: { state: "absent" } },
    });
    expect(rowOf(at(120), "coder0")).toMatchObject({ status: "unobserved", pane: { state: "unknown" } });
  });

  test("no cell was observed after the moment that is asked for, however late the evidence came", () => {
    story.record(300, tmuxLook(story.at(300), []));
    story.tell(400, hookLine(story.at(150), "session-closed", { session: "$1" }));
    for (const second of [16, 30, 60, 120, 200]) {
      const row = rowOf(at(second), "coder0");
      for (const cell of [row.pane, row.systemd, row.heartbeat, row.drift, row.boot, row.idle]) {
        expect(Date.parse(cell.observed_at ?? "") || 0).toBeLessThanOrEqual(story.at(second) / 1000);
      }
    }
  });

  test("sessions that no roster named are there under --all, while they were there", () => {
    expect(at(30, true).agents.map(({ name, status }) => [name, status])).toEqual([
      ["coder0", "healthy"],
      ["scratch", "running"],
    ]);
    expect(at(50, true).agents.map(({ name }) => name)).toEqual(["coder0"]);
    expect(at(30).agents.map(({ name }) => name)).toEqual(["coder0"]);
  });

  test("before the first event there is no row and no claim", () => {
    expect(at(-100).agents).toEqual([]);
    expect(at(-100).observer.state).toBe("absent");
  });
});
