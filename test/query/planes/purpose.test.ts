import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Intent, Purpose } from "../../../query/planes/documents.ts";
import { NO_PURPOSE, stopInForce, withIntent } from "../../../query/planes/purpose.ts";
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
const life = { bornAtUs: 100, bootId: "boot-a" };

describe("the stop that is in force", () => {
  test("an operator's stop stays an operator's when systemd's own stop job follows it", () => {
    const purpose = purposeOf(intent("operator", "stop", 200), intent("systemd", "stop", 201, "boota"));
    expect(stopInForce(purpose, life)).toMatchObject({ by: "operator", atUs: 200 });
  });

  test("an operator's stop still counts after a reboot, and a stop job of the shutdown does not", () => {
    const purpose = purposeOf(intent("operator", "stop", 200), intent("systemd", "stop", 201, "boota"));
    expect(stopInForce(purpose, { bornAtUs: 100, bootId: "boot-b" })).toMatchObject({ by: "operator" });
    const shutdown = purposeOf(intent("systemd", "stop", 201, "boota"));
    expect(stopInForce(shutdown, { bornAtUs: 100, bootId: "boot-b" })).toBeNull();
  });

  test("a start by either ends it, and so does a life that began after it", () => {
    const stop = intent("operator", "stop", 200);
    expect(stopInForce(purposeOf(stop, intent("systemd", "start", 300)), life)).toBeNull();
    expect(stopInForce(purposeOf(stop, intent("operator", "start", 300)), life)).toBeNull();
    expect(stopInForce(purposeOf(stop), { bornAtUs: 300, bootId: null })).toBeNull();
    const wanted = purposeOf(intent("systemd", "stop", 200), intent("operator", "start", 250));
    expect(stopInForce(wanted, life)).toBeNull();
  });

  test("any order of arrival leaves the same purpose", () => {
    const anyIntent = fc
      .record({
        by: fc.constantFrom("operator" as const, "systemd" as const),
        kind: fc.constantFrom("start" as const, "stop" as const),
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
  const row = () => tableOf(log, T + 30).agents.find(({ name }) => name === "coder0");
  expect(row()).toMatchObject({ status: "stopped", status_reason: "stopped by operator" });
  log.append(operatorVerb("start", "coder0", T + 21));
  expect(row()).toMatchObject({ status: "dead" });
});
