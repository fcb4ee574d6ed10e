import { expect, test } from "vitest";
import { createFoldedLog } from "../../support/fold.ts";
import { paneSeen, rosterLook, tmuxLook } from "../../support/looks.ts";

test("a restart is a new life of the agent's own pane; the first life is none, nor is a pane beside it", () => {
  const log = createFoldedLog();
  const look = (...panes: Parameters<typeof paneSeen>[]) => {
    log.nowUs += 1e6;
    log.look(
      tmuxLook(
        log.nowUs,
        panes.map((pane) => paneSeen(...pane)),
      ),
    );
  };
  const restarts = () => (log.documents.get("tally", "coder0") as { restarts: number } | undefined)?.restarts;
  log.look(rosterLook(log.nowUs, { coder0: {} }));
  expect(restarts()).toBeUndefined();
  look(["coder0", 1]);
  expect(restarts()).toBe(0);
  look(["coder0", 1], ["coder0", 2, { session: "$1", window: "@1" }]);
  expect(restarts()).toBe(0);
  look(
    ["coder0", 1, { pid: 2001, incarnation: "11111111-2001-9" }],
    ["coder0", 2, { session: "$1", window: "@1" }],
  );
  expect(restarts()).toBe(1);
  look();
  look(["coder0", 3]);
  expect(restarts()).toBe(2);
});
