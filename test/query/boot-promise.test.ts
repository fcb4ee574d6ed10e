import { describe, expect, test } from "vitest";
import { bootOutlook, compareBoot, isSamePromise, type PromisedAgent } from "../../query/boot-promise.ts";
import { createFoldedLog } from "../support/fold.ts";
import { paneSeen, rosterLook, systemdLook, tmuxLook } from "../support/looks.ts";
import { presentOf } from "../support/table.ts";

const T = 1_800_000_000_000_000;
const promise = (name: string, returns: PromisedAgent["returns"]): PromisedAgent => ({
  name,
  returns,
  reasons: [],
});

describe("the outlook", () => {
  test("tells of what runs and of what is down whether it would come back; ephemeral workers are nobody's promise", () => {
    const log = createFoldedLog(T);
    log.look(rosterLook(T, { runs: {}, down: {}, lost: {}, once: { lifecycle: "ephemeral" } }));
    const enabled = { fileState: "enabled", active: "active" };
    log.look(
      systemdLook(T + 1, {
        "mosaic-agent@runs.service": enabled,
        "mosaic-agent@down.service": { fileState: "enabled", active: "inactive" },
        "mosaic-agent@lost.service": { fileState: "disabled" },
      }),
    );
    log.look(tmuxLook(T + 2, [paneSeen("runs", 1), paneSeen("lost", 2)]));
    const outlook = bootOutlook(presentOf(log, T + 3));
    expect(outlook).toEqual([
      {
        ...{ name: "runs", unit: "mosaic-agent@runs.service", fileState: "enabled" },
        ...{ runs: true, returns: "yes", reasons: [] },
      },
      {
        ...{ name: "down", unit: "mosaic-agent@down.service", fileState: "enabled" },
        ...{ runs: false, returns: "yes", reasons: [] },
      },
      {
        name: "lost",
        unit: "mosaic-agent@lost.service",
        fileState: "disabled",
        runs: true,
        returns: "no",
        reasons: ["unit-disabled"],
      },
    ]);
  });

  test("is unknown where systemd does not answer, and never a no", () => {
    const log = createFoldedLog(T);
    log.look(rosterLook(T, { a: {} }));
    const [a] = bootOutlook(presentOf(log, T + 3, { unavailable: ["systemd", "tmux"] }));
    expect(a).toMatchObject({ returns: "unknown", reasons: [], runs: null });
  });
});

describe("a promise compared with what runs", () => {
  test("kept, broken, exceeded, and what nobody can say are told apart; who left the roster is not owed", () => {
    const promised = [
      promise("a", "yes"),
      promise("b", "yes"),
      promise("c", "no"),
      promise("d", "no"),
      promise("e", "yes"),
    ];
    const now = [
      { name: "a", runs: true },
      { name: "b", runs: false },
      { name: "c", runs: true },
      { name: "d", runs: false },
      { name: "f", runs: true },
    ];
    expect(compareBoot([...promised, promise("g", "yes")], [...now, { name: "g", runs: null }])).toEqual({
      returned: ["a"],
      missing: ["b"],
      unexpected: ["c"],
      unknown: ["g"],
    });
  });

  test("a promise is another one when anybody's answer or reason is", () => {
    expect(isSamePromise([promise("a", "yes")], [promise("a", "yes")])).toBe(true);
    expect(isSamePromise([promise("a", "yes")], [promise("a", "no")])).toBe(false);
    expect(isSamePromise([promise("a", "no")], [{ ...promise("a", "no"), reasons: ["linger-off"] }])).toBe(
      false,
    );
    expect(isSamePromise([promise("a", "yes")], [])).toBe(false);
  });
});
