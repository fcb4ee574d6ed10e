import { describe, expect, test } from "vitest";
import { coverageOf } from "../../query/coverage.ts";
import { paneSeen, SOCKET, tmuxLook } from "../support/looks.ts";
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
});
