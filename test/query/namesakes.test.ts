import { beforeEach, describe, expect, test } from "vitest";
import { plain } from "../../cli/render/colour.ts";
import { formatPs } from "../../cli/render/ps-table.ts";
import { formatWhy } from "../../cli/render/why.ts";
import { pastOf } from "../../query/history/past-in-memory.ts";
import { exactUsOf } from "../../query/instant.ts";
import { explainAgent } from "../../query/ps.ts";
import type { Namesake, PsDocument } from "../../query/row.ts";
import { whyDocument } from "../../query/why.ts";
import { capturedEvents } from "../support/captured-log.ts";
import { beatLook, paneSeen, SOCKET, tmuxLook } from "../support/looks.ts";
import { presentOf, rowOf, tableOf } from "../support/table.ts";
import { everyTable } from "./history/every-table.ts";
import { createStory, S, type Story, T } from "./history/story.ts";

const OTHER = "/tmp/tmux-1000/other";
const elsewhere = { scope: OTHER, server: { pid: 950, start: 6, version: "3.3a" } };
const home = paneSeen("coder0", 1, { startedAtUs: T + 10 * S });
const namesake = paneSeen("coder0", 7, { startedAtUs: T + 18 * S, pid: 2007 });

let story: Story;
beforeEach(() => {
  story = createStory();
  story.record(15, tmuxLook(story.at(15), [home]), tmuxLook(story.at(15), [], elsewhere));
  story.tell(15, { type: "recorder.source.started", payload: { source: "tmux", scope: OTHER } });
  story.look(19, beatLook(story.at(19), "coder0", story.at(19), { pid: home.pid }));
});

const lookElsewhere = (second: number, ...panes: (typeof home)[]) =>
  story.look(second, tmuxLook(story.at(second), panes, elsewhere));
/** The present, with a look at each of the sockets but those named. */
const present = (second: number, unwatched: readonly string[] = []) => {
  const outcomes = [
    ...[SOCKET, OTHER].filter((scope) => !unwatched.includes(scope)).map((scope) => ["tmux", scope] as const),
    ...["roster", "process", "systemd", "heartbeat"].map((source) => [source, ""] as const),
  ].map(([source, scope]) => ({ source, scope, state: "observed" as const, reason: null }));
  return { observer: { state: "one-shot" as const, sinceUs: story.at(second), outcomes } };
};
const told = (document: PsDocument) => {
  const { status, pane, namesakes } = rowOf(document, "coder0");
  return [status, pane.socket, pane.pid, ...namesakes.map((one) => [one.socket, one.id, one.pid, one.since])];
};
/** Verdict, session and namesakes, which all who tell of that moment must agree on. */
function everywhere(second: number): unknown[] {
  const live = told(tableOf(story.log, story.at(second), present(second)));
  for (const table of Object.values(everyTable(story.log.events, story.at(second))))
    expect(told(table)).toEqual(live);
  return live;
}
const iso = (second: number) => new Date(story.at(second) / 1000).toISOString();

describe("a second live session of an agent's name on another socket", () => {
  test("is told of beside the row, which stays that of the first, from its own start until it ends", () => {
    const alone = ["healthy", SOCKET, home.pid];
    expect(everywhere(19)).toEqual(alone);
    lookElsewhere(20, namesake);
    const one = [OTHER, "%7", 2007, iso(18)];
    expect(everywhere(21)).toEqual([...alone, one]);
    lookElsewhere(22, { ...namesake, dead: true, status: 1 });
    expect(everywhere(23)).toEqual(alone);
    lookElsewhere(24, { ...namesake, pid: 2008, start: 99, startedAtUs: story.at(23) });
    expect(everywhere(25)).toEqual([...alone, [OTHER, "%7", 2008, iso(23)]]);
    story.look(26, tmuxLook(story.at(26), [], { scope: OTHER, server: null, goneReason: "refused" }));
    expect(everywhere(27)).toEqual(alone);
  });

  test("does not answer for the first: what its process beats makes nobody else healthy", () => {
    lookElsewhere(20, namesake);
    story.look(40, beatLook(story.at(40), "coder0", story.at(40), { pid: namesake.pid }));
    // Its own last beat, at 19, holds for three intervals: the other one's neither lengthens that nor takes it away.
    expect(everywhere(41).slice(0, 3)).toEqual(["healthy", SOCKET, home.pid]);
    story.look(60, beatLook(story.at(60), "coder0", story.at(60), { pid: namesake.pid }));
    expect(everywhere(63).slice(0, 3)).toEqual(["healthy", SOCKET, home.pid]);
    expect(everywhere(65).slice(0, 3)).toEqual(["stale", SOCKET, home.pid]);
    story.look(66, beatLook(story.at(66), "coder0", story.at(66), { pid: home.pid }));
    expect(everywhere(67).slice(0, 3)).toEqual(["healthy", SOCKET, home.pid]);
  });

  test("and where both write the file in turn, the first is as well as its own beats are", () => {
    lookElsewhere(20, namesake);
    for (let second = 21; second < 120; second += 7) {
      const pid = second % 2 === 1 ? home.pid : namesake.pid;
      story.look(second, beatLook(story.at(second), "coder0", story.at(second), { pid }));
      expect(everywhere(second + 0.5).slice(0, 3)).toEqual(["healthy", SOCKET, home.pid]);
    }
    expect(rowOf(tableOf(story.log, story.at(121), present(121)), "coder0").since).toBe(iso(19));
  });

  test("is told of since it came by the name, and no longer once it has another", () => {
    lookElsewhere(20, { ...namesake, name: "scratch" });
    expect(everywhere(21)).toHaveLength(3);
    lookElsewhere(22, namesake);
    expect(everywhere(23).slice(3)).toEqual([[OTHER, "%7", 2007, iso(22)]]);
    lookElsewhere(24, { ...namesake, name: "scratch" });
    expect(everywhere(25)).toHaveLength(3);
  });

  test("is not told of while nobody watches its socket", () => {
    lookElsewhere(20, namesake);
    const options = present(21, [OTHER]);
    expect(rowOf(tableOf(story.log, story.at(21), options), "coder0").namesakes).toEqual([]);
    const stopped = { type: "recorder.source.stopped", payload: { source: "tmux", scope: OTHER } };
    story.tell(22, stopped);
    expect(told(story.past(23).table(story.at(23), false))).toEqual(["healthy", SOCKET, home.pid]);
  });

  test("is none any longer once the first has gone and the row is of it", () => {
    lookElsewhere(20, namesake);
    story.look(21, tmuxLook(story.at(21), []));
    // The session at home has gone: the row is of the other one, and no other is left.
    expect(everywhere(22).slice(1)).toEqual([OTHER, 2007]);
  });
});

describe("why", () => {
  const why = (second: number) => {
    const input = presentOf(story.log, story.at(second), present(second));
    const lookup = { event: (seq: number) => story.log.events[seq - 1] ?? null, recent: () => [] };
    const about = { tenantId: "t", host: "h", nowUs: input.nowUs, logSeq: input.logSeq, name: "coder0" };
    return whyDocument(explainAgent(input, "coder0"), { ...about, lookup });
  };

  test("names both sessions, and shows the event by which the other one is known", () => {
    lookElsewhere(20, namesake);
    const seq = story.log.events.findLast(({ type }) => type === "tmux.pane.created")?.seq;
    const document = why(21);
    expect(document.row.namesakes).toMatchObject([{ socket: OTHER, source: "tmux", observed_at: iso(21) }]);
    expect(document.cells.find(({ plane }) => plane === "pane")?.evidence).toContainEqual(
      expect.objectContaining({ seq }),
    );
    const lines = formatWhy(document, { width: null, paint: plain });
    expect(lines).toContainEqual(`told of here: ${SOCKET} pane %1 process 1001`);
    expect(lines.join("\n")).toMatch(
      /another session of this name lives: \/tmp\/tmux-1000\/other pane %7 process 2007, since .* \(3\.0 s\)/,
    );
  });

  test("says so where the last beat is the other one's", () => {
    lookElsewhere(20, namesake);
    const beat = (second: number) => why(second).cells.find(({ plane }) => plane === "heartbeat")?.state;
    expect(beat(22)).toBe("healthy");
    story.look(21, beatLook(story.at(21), "coder0", story.at(21), { pid: 2007 }));
    // What the process of its own pane wrote before that is still its own.
    expect(beat(22)).toBe("healthy");
    story.look(100, beatLook(story.at(100), "coder0", story.at(100), { pid: 2008 }));
    lookElsewhere(100, { ...namesake, pid: 2008 });
    expect(beat(101)).toBe(
      `unknown (namesake; by process 2008, which is that of the other session of its name, on ${OTHER})`,
    );
  });
});

describe("somebody made a session of an agent's name on a second server, and killed that server, as a real fleet recorded it", () => {
  const events = capturedEvents("two-sessions-of-a-name.ndjson");
  const nowUs = events.at(-1)?.recordedAtUs ?? 0;
  const past = pastOf({ tenantId: "t", host: "h", logSeq: events.length, events, lapsedAtUs: null, nowUs });
  const at = (time: string) => past.table(exactUsOf(`2026-11-26T${time}Z`), false);
  const remarks = (document: PsDocument) =>
    formatPs(document, { width: null, paint: plain, past: true }).filter((line) =>
      line.includes("another session"),
    );

  test("the table of each moment in which both lived says so, and its row is of the first all the time", () => {
    const second: Partial<Namesake> = {
      ...{ socket: "/tmp/tmux-1001/second", id: "%0", pid: 1348, since: "2026-11-26T16:13:41.077967Z" },
    };
    const rows = ["16:13:40", "16:13:42", "16:16:10.9", "16:16:11.1"].map((time) =>
      rowOf(at(time), "toString"),
    );
    expect(rows.map(({ pane }) => [pane.state, pane.pid])).toEqual(rows.map(() => ["alive", 1113]));
    const [before, during, last, after] = rows.map(({ namesakes }) => namesakes);
    expect([before, after]).toEqual([[], []]);
    expect(during).toMatchObject([second]);
    expect(last).toMatchObject([second]);
    expect(remarks(at("16:13:40"))).toEqual([]);
    const [remark = ""] = remarks(at("16:13:42"));
    expect(remark).toMatch(
      /^toString: another session of this name lived on second %0 1348, since [\d :-]+; its row is of the one on mosaic-factory %12 1113\.$/,
    );
  });
});
