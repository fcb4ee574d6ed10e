import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactIsoOf } from "../../../query/instant.ts";
import { NO_PURPOSE, stopInForce, withIntent } from "../../../query/planes/purpose.ts";
import type { Intent, Purpose } from "../../../query/planes/purpose-document.ts";
import { createFoldedLog } from "../../support/fold.ts";
import { operatorVerb, paneSeen, rosterLook, systemdLook, tmuxLook } from "../../support/looks.ts";
import { tableOf } from "../../support/table.ts";

const T = 1_800_000_000_000_000;
const intent = (
  by: Intent["by"],
  kind: Intent["kind"],
  atUs: number,
  bootId: string | null = null,
): Intent => ({
  by,
  kind,
  atUs,
  bootId,
  seq: 1,
  recordedAtUs: atUs,
});
const purposeOf = (...intents: Intent[]): Purpose => intents.reduce(withIntent, NO_PURPOSE);
const life = { bornAtUs: 100, endedByUs: null, bootId: "boot-a" };
const later = { nowUs: 1000, takesUs: 50, unitFailedAtUs: null };
const stopOf = (purpose: Purpose, of: Parameters<typeof stopInForce>[1] = life, at = {}) =>
  stopInForce(purpose, of, { ...later, ...at });

describe("the stop that is in force", () => {
  test("an operator's stop stays an operator's when systemd's own stop job follows it", () => {
    const purpose = purposeOf(intent("operator", "stop", 200), intent("systemd", "stop", 201, "boota"));
    expect(stopOf(purpose).stop).toMatchObject({ by: "operator", atUs: 200 });
  });

  test("an operator's stop still counts after a reboot, and a stop job of the shutdown does not", () => {
    const purpose = purposeOf(intent("operator", "stop", 200), intent("systemd", "stop", 201, "boota"));
    const afterReboot = { ...life, bootId: "boot-b" };
    expect(stopOf(purpose, afterReboot).stop).toMatchObject({ by: "operator" });
    const shutdown = purposeOf(intent("systemd", "stop", 201, "boota"));
    expect(stopOf(shutdown, afterReboot).stop).toBeNull();
  });

  test("a start by either ends it, and so does a life that began after it", () => {
    const stop = intent("operator", "stop", 200);
    expect(stopOf(purposeOf(stop, intent("systemd", "start", 300))).stop).toBeNull();
    expect(stopOf(purposeOf(stop, intent("operator", "start", 300))).stop).toBeNull();
    expect(stopOf(purposeOf(stop), { ...life, bornAtUs: 300, bootId: null }).stop).toBeNull();
    const wanted = purposeOf(intent("systemd", "stop", 200), intent("operator", "start", 250));
    expect(stopOf(wanted).stop).toBeNull();
  });

  test("a start that comes later does not bring back a stop that an earlier one had ended, as what beat in between tells", () => {
    const purpose = purposeOf(intent("systemd", "restart", 200), intent("systemd", "start", 400));
    const died = { ...life, bornAtUs: null, endedByUs: 350 };
    const at = (sinceUs: number) => ({ nowUs: 410, writer: { sinceUs, endedAtUs: 350 } });
    expect(stopOf(purpose, died, at(300))).toEqual({ stop: null, endedAtUs: 300 });
    // What had beaten before the stop was ended by it.
    expect(stopOf(purpose, died, at(150)).stop).toMatchObject({ atUs: 200 });
  });

  test("it stays in force while a start has not had its time, and no longer once the unit has failed", () => {
    const purpose = purposeOf(intent("operator", "stop", 200), intent("operator", "start", 300));
    expect(stopOf(purpose, life, { nowUs: 349 }).stop).toMatchObject({ atUs: 200 });
    expect(stopOf(purpose, life, { nowUs: 350 })).toEqual({ stop: null, endedAtUs: 350 });
    expect(stopOf(purpose, life, { nowUs: 320, unitFailedAtUs: 310 })).toEqual({
      stop: null,
      endedAtUs: 310,
    });
    // The failure for which it was stopped says nothing of the start.
    expect(stopOf(purpose, life, { nowUs: 320, unitFailedAtUs: 150 }).stop).toMatchObject({ atUs: 200 });
  });

  test("a restart is a stop that is wanted and a start, whoever asks for it", () => {
    for (const by of ["operator", "systemd"] as const) {
      const purpose = purposeOf(intent(by, "restart", 200));
      expect(stopOf(purpose, life, { nowUs: 220 }).stop).toMatchObject({ by, atUs: 200 });
      expect(stopOf(purpose, life, { nowUs: 260 })).toEqual({ stop: null, endedAtUs: 250 });
      expect(stopOf(purpose, { ...life, bornAtUs: 230, bootId: null }, { nowUs: 235 }).stop).toBeNull();
    }
  });

  test("who restarts what is down already has stopped nothing; a death of the second of the wish may be its doing", () => {
    const S = 1_000_000;
    const purpose = purposeOf(intent("operator", "restart", 2 * S));
    const asked = { nowUs: 2 * S + 20 };
    expect(stopOf(purpose, { ...life, endedByUs: 2 * S }, asked)).toEqual({ stop: null, endedAtUs: null });
    expect(stopOf(purpose, { ...life, endedByUs: 2 * S + 1 }, asked).stop).toMatchObject({ kind: "restart" });
    const stopped = purposeOf(intent("operator", "stop", 2 * S));
    expect(stopOf(stopped, { ...life, endedByUs: S }, asked).stop).toMatchObject({ kind: "stop" });
  });

  test("of what was stopped already a restart is the start that follows the stop, and of nothing else", () => {
    for (const by of ["operator", "systemd"] as const) {
      const stop = intent(by, "stop", 200);
      const down = { ...life, endedByUs: 210 };
      const purpose = purposeOf(stop, intent(by, "restart", 300));
      expect(stopOf(purpose, down, { nowUs: 349 }).stop).toMatchObject({ by, kind: "stop", firstAtUs: 200 });
      expect(stopOf(purpose, down, { nowUs: 350 })).toEqual({ stop: null, endedAtUs: 350 });
      // However often it is restarted, and in whatever order that is told.
      const again = purposeOf(
        intent(by, "restart", 400),
        intent(by, "restart", 300),
        stop,
        intent(by, "stop", 150),
      );
      expect(stopOf(again, down, { nowUs: 449 }).stop).toMatchObject({ atUs: 200 });
      expect(stopOf(again, down, { nowUs: 450 }).stop).toBeNull();
      // A life that came since, and crashed, was not stopped by that; nor was one that nobody had stopped.
      const crashed = { ...down, bornAtUs: 250, endedByUs: 280 };
      expect(stopOf(purpose, crashed, { nowUs: 320 })).toEqual({ stop: null, endedAtUs: null });
      expect(stopOf(purposeOf(intent(by, "restart", 300)), down, { nowUs: 320 }).stop).toBeNull();
      // What lives is stopped by its restart.
      expect(stopOf(purpose, life, { nowUs: 320 }).stop).toMatchObject({ kind: "restart", atUs: 300 });
      // The newest stop is one, whatever was restarted before it.
      const stopped = purposeOf(stop, intent(by, "restart", 300), intent(by, "stop", 400));
      expect(stopped.stopped).toBeUndefined();
      expect(stopOf(stopped, down).stop).toMatchObject({ atUs: 400 });
    }
  });

  test("any order of arrival leaves the same purpose", () => {
    const anyIntent = fc
      .record({
        by: fc.constantFrom("operator" as const, "systemd" as const),
        kind: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
        atUs: fc.nat({ max: 5 }),
      })
      .map(({ by, kind, atUs }) => intent(by, kind, atUs));
    const ofArrivals = fc
      .array(anyIntent, { maxLength: 8 })
      .chain((intents) =>
        fc.tuple(fc.constant(intents), fc.shuffledSubarray(intents, { minLength: intents.length })),
      );
    fc.assert(
      fc.property(ofArrivals, ([one, other]) => {
        expect(purposeOf(...other)).toEqual(purposeOf(...one));
      }),
    );
  });
});

test("after an operator's stop the row reads stopped, says by whom, and after a new start it runs again", () => {
  const log = createFoldedLog(T);
  log.look(rosterLook(T, { coder0: {} }));
  log.look(systemdLook(T, { "mosaic-agent@coder0.service": { active: "inactive" } }));
  log.look(tmuxLook(T + 1, [paneSeen("coder0", 1, { startedAtUs: T + 1 })]));
  log.nowUs = T + 10;
  log.append(operatorVerb("stop", "coder0", T + 10));
  log.nowUs = T + 20;
  log.look(tmuxLook(T + 20, []));
  const row = (atUs: number) => tableOf(log, atUs).agents.find(({ name }) => name === "coder0");
  expect(row(T + 30)).toMatchObject({ status: "stopped", status_reason: "stopped by operator" });
  log.append(operatorVerb("start", "coder0", T + 40));
  expect(row(T + 50)).toMatchObject({ status: "stopped", status_reason: "stopped by operator" });
  // A start that brings nothing in its time leaves an agent that is missed from then on.
  const missed = T + 40 + 10_000_000;
  expect(row(missed)).toMatchObject({ status: "dead", since: exactIsoOf(missed) });
});

test("an agent that is restarted is not dead in between", () => {
  const log = createFoldedLog(T);
  log.look(rosterLook(T, { coder0: {} }));
  log.look(tmuxLook(T + 1, [paneSeen("coder0", 1, { startedAtUs: T + 1 })]));
  log.nowUs = T + 10;
  log.append(operatorVerb("restart", "coder0", T + 10));
  const row = (atUs: number) => tableOf(log, atUs).agents.find(({ name }) => name === "coder0");
  expect(row(T + 15)).toMatchObject({ status: "starting" });
  log.nowUs = T + 20;
  log.look(tmuxLook(T + 20, []));
  expect(row(T + 30)).toMatchObject({ status: "stopped", status_reason: "stopped by operator" });
  log.nowUs = T + 40;
  log.look(tmuxLook(T + 40, [paneSeen("coder0", 2, { startedAtUs: T + 35 })]));
  expect(row(T + 45)).toMatchObject({ status: "starting" });
});

test("one that had failed goes on being failed while it is restarted, until it lives", () => {
  const log = createFoldedLog(T);
  const S = 1_000_000;
  log.look(rosterLook(T, { coder0: {} }));
  log.look(
    tmuxLook(T + 1, [paneSeen("coder0", 1, { dead: true, status: 3, diedAtUs: T, startedAtUs: T - S })]),
  );
  log.nowUs = T + 5 * S;
  log.append(operatorVerb("restart", "coder0", T + 5 * S));
  const row = (atUs: number) => tableOf(log, atUs).agents.find(({ name }) => name === "coder0");
  expect(row(T + 6 * S)).toMatchObject({ status: "failed", status_reason: "exit 3" });
  log.nowUs = T + 7 * S;
  log.look(tmuxLook(T + 7 * S, [paneSeen("coder0", 2, { startedAtUs: T + 7 * S })]));
  expect(row(T + 7 * S)).toMatchObject({ status: "starting" });
});

test("one that never ran is not stopped by its restart", () => {
  const log = createFoldedLog(T);
  log.look(rosterLook(T, { coder0: {} }));
  log.look(systemdLook(T, { "mosaic-agent@coder0.service": { active: "inactive" } }));
  log.look(tmuxLook(T + 1, []));
  log.nowUs = T + 10;
  log.append(operatorVerb("restart", "coder0", T + 10));
  expect(tableOf(log, T + 20).agents.find(({ name }) => name === "coder0")).toMatchObject({
    status: "absent",
    status_reason: "never-ran",
  });
});

test("a unit that has just become active does not make an agent dead whose first pane is on its way", () => {
  const log = createFoldedLog(T);
  log.look(rosterLook(T, { coder0: {} }));
  log.look(tmuxLook(T + 1, []));
  log.nowUs = T + 10;
  log.look(systemdLook(T + 10, { "mosaic-agent@coder0.service": { active: "active" } }));
  const row = (atUs: number) => tableOf(log, atUs).agents.find(({ name }) => name === "coder0");
  expect(row(T + 20)).toMatchObject({ status: "absent", status_reason: "never-ran" });
  expect(row(T + 11_000_000)).toMatchObject({ status: "dead", status_reason: "pane missing" });
});

test("an agent that was stopped, and is restarted, reads stopped until its pane comes, or the start took too long", () => {
  const log = createFoldedLog(T);
  log.look(rosterLook(T, { coder0: {} }));
  log.look(tmuxLook(T + 1, [paneSeen("coder0", 1, { startedAtUs: T + 1 })]));
  log.nowUs = T + 10;
  log.append(operatorVerb("stop", "coder0", T + 10));
  log.nowUs = T + 20;
  log.look(tmuxLook(T + 20, []));
  log.append(operatorVerb("restart", "coder0", T + 40));
  const row = (atUs: number) => tableOf(log, atUs).agents.find(({ name }) => name === "coder0");
  expect(row(T + 50)).toMatchObject({ status: "stopped", status_reason: "stopped by operator" });
  const missed = T + 40 + 10_000_000;
  expect(row(missed)).toMatchObject({ status: "dead", since: exactIsoOf(missed) });
  const born = { startedAtUs: T + 60, pid: 77, start: 99 };
  log.nowUs = T + 60;
  log.look(tmuxLook(T + 60, [paneSeen("coder0", 2, born)]));
  expect(row(T + 70)).toMatchObject({ status: "starting" });
  // One that crashed is no stop, whoever restarts it.
  log.nowUs = T + 80;
  log.look(tmuxLook(T + 80, [paneSeen("coder0", 2, { ...born, dead: true, status: 3, diedAtUs: T + 80 })]));
  log.append(operatorVerb("restart", "coder0", T + 100));
  expect(row(T + 110)).toMatchObject({ status: "failed" });
});
