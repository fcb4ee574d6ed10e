import { describe, expect, test } from "vitest";
import { coverageOf } from "../../query/coverage.ts";
import { psDocument } from "../../query/ps.ts";
import { createFoldedLog } from "../support/fold.ts";
import { beatLook, paneSeen, SOCKET, tmuxLook } from "../support/looks.ts";
import { presentOf } from "../support/table.ts";
import { createStory, type Story } from "./history/story.ts";

/** A log that nobody noted any look of, as one that was brought from elsewhere. */
function heard({ log, at }: Story) {
  const coverage = coverageOf({
    documents: log.documents,
    observations: [],
    observer: { state: "absent" },
    nowUs: log.nowUs,
    isSlowScope: () => false,
  });
  return (source: string, scope = "") => {
    const { observedAtUs } = coverage.of(source, scope);
    return observedAtUs === null ? null : Math.floor((observedAtUs - at(0)) / 1e6);
  };
}

const S = 1_000_000;

describe("when a source was last heard from, by the log alone", () => {
  test("its own last word counts, and not what another told later", () => {
    const story = createStory();
    story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1)]));
    story.look(300, tmuxLook(story.at(300), [paneSeen("coder0", 1, { dead: true, status: 1 })]));
    story.look(400, tmuxLook(story.at(400), []));
    story.tell(900, { type: "heartbeat.file.removed", agent: "coder0", source: "heartbeat", payload: {} });
    const at = heard(story);
    expect(at("tmux", SOCKET)).toBe(400);
    expect(at("systemd")).toBe(15);
    expect(at("journal")).toBeNull();
  });

  test("of one socket only what was told of that socket", () => {
    const story = createStory();
    const other = "/tmp/tmux-1000/other";
    story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1)]));
    story.tell(15, { type: "recorder.source.started", payload: { source: "tmux", scope: other } });
    story.look(300, tmuxLook(story.at(300), [paneSeen("guest", 2)], { scope: other }));
    expect(heard(story)("tmux", SOCKET)).toBe(15);
    expect(heard(story)("tmux", other)).toBe(300);
  });

  test("a source that stopped, or its recorder, was heard until then", () => {
    const story = createStory();
    story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1)]));
    story.stop(500);
    expect(heard(story)("systemd")).toBe(500);
    expect(heard(story)("tmux", SOCKET)).toBe(500);
  });

  test("that a source which never answered is no longer asked is no answer; one that was watched was heard until then", () => {
    const log = createFoldedLog();
    const t = log.nowUs;
    const at = (us: number) => {
      log.nowUs = us;
      return log;
    };
    const tell = (type: string, source: string, us: number, more: object = {}) =>
      log.append({
        type,
        agent: null,
        source: "recorder",
        occurredAtUs: us,
        precision: "us",
        payload: { source, scope: "", ...more },
      });
    const nowUs = t + 100 * S;
    // Without the looks that a recorder notes beside its log, as in a log that was brought from elsewhere.
    const heard = () => {
      const present = presentOf(at(nowUs), nowUs, { observer: { state: "absent" } });
      const { sources } = psDocument({ ...present, observations: [] }).observer;
      return ["process", "journal", "heartbeat"].map((source) => sources[source]?.observed_at);
    };
    const iso = (us: number) => new Date(us / 1000).toISOString();
    tell("recorder.source.unavailable", "process", t + 1 * S, { reason: "no /proc" });
    tell("recorder.source.started", "journal", t + 1 * S);
    tell("recorder.source.started", "heartbeat", t + 1 * S);
    at(t + 5 * S).look(beatLook(t + 5 * S, "coder0", t + 5 * S));
    // The log ends while it is being recorded: of each source its own last word is known, and nothing of how long it was heard after that.
    const last = log.events.at(-1)?.recordedAtUs ?? 0;
    expect(heard()).toEqual([null, iso(t + 1 * S), iso(last)]);
    tell("recorder.source.unavailable", "heartbeat", t + 20 * S, { reason: "no directory" });
    for (const source of ["process", "journal", "heartbeat"])
      tell("recorder.source.stopped", source, t + 30 * S);
    expect(heard()).toEqual([null, iso(t + 30 * S), iso(t + 20 * S)]);
    log.append({
      type: "recorder.stopped",
      agent: null,
      source: "recorder",
      occurredAtUs: t + 31 * S,
      precision: "us",
      payload: { pid: 1, reason: "signal" },
    });
    expect(heard()).toEqual([null, iso(t + 30 * S), iso(t + 20 * S)]);
  });
});

describe("a look without a recorder", () => {
  test("says of a source why it failed as a whole, and nothing of a bus that only a recorder listens to", () => {
    const log = createFoldedLog();
    const reason = "there is no bus; units are listed instead";
    log.append({
      type: "recorder.source.unavailable",
      agent: null,
      source: "recorder",
      occurredAtUs: log.nowUs,
      precision: "us",
      payload: { source: "systemd", scope: "user-bus", reason },
    });
    const systemd = (unavailable: string[]) =>
      psDocument(presentOf(log, log.nowUs, { unavailable })).observer.sources.systemd;
    expect(systemd(["systemd"])).toMatchObject({ state: "unavailable", reason: "did not answer" });
    expect(systemd(["systemd"])).not.toHaveProperty("scopes");
    expect(systemd([])).not.toHaveProperty("scopes");
  });
});

describe("a socket that no roster names", () => {
  const OTHER = "/tmp/tmux-1000/other";
  const lookAtOther = (story: Story, second: number, isThere: boolean) =>
    story.look(
      second,
      tmuxLook(story.at(second), isThere ? [paneSeen("guest", 2)] : [], {
        scope: OTHER,
        ...(isThere
          ? { server: { pid: 77, start: 7, version: "3.3a" } }
          : { server: null, goneReason: "refused" }),
      }),
    );
  /** What a recorder's table says of tmux then, which has looked at its own socket a moment ago, and at the other one when it was last told of. */
  const tmuxOf = (story: Story, second: number, otherUs: number) => {
    const nowUs = story.at(second);
    const table = psDocument({
      ...presentOf(story.log, nowUs),
      observer: { state: "recording", sinceUs: story.at(15) },
      observations: [
        { source: "tmux", scope: SOCKET, atUs: nowUs - S },
        { source: "tmux", scope: OTHER, atUs: otherUs },
      ],
    });
    const { state, scopes = {} } = table.observer.sources.tmux ?? {};
    return [state, ...Object.keys(scopes).map((scope) => `${scope} ${scopes[scope]?.state}`)];
  };
  const watched = () => {
    const story = createStory();
    story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1)]));
    story.tell(16, { type: "recorder.source.started", payload: { source: "tmux", scope: OTHER } });
    lookAtOther(story, 16, true);
    return story;
  };

  test("is no fault once its server has gone: that nothing is there was an answer, also for the next recorder", () => {
    const story = watched();
    lookAtOther(story, 20, false);
    const fine = ["fresh", `${SOCKET} fresh`];
    expect(tmuxOf(story, 200, story.at(20))).toEqual(fine);
    expect(story.past(200).table(story.at(150), false).observer.sources.tmux?.state).toBe("fresh");
    story.stop(300);
    story.record(301, tmuxLook(story.at(301), [paneSeen("coder0", 1)]));
    expect(tmuxOf(story, 1000, story.at(20))).toEqual(fine);
    expect(story.past(1000).table(story.at(900), false).observer.sources.tmux?.state).toBe("fresh");
  });

  test("is one where it was there and does not answer", () => {
    const story = watched();
    expect(tmuxOf(story, 200, story.at(16))).toEqual(["stale", `${SOCKET} fresh`, `${OTHER} stale`]);
  });
});
