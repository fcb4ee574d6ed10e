import type { UnitDocument } from "./planes/documents.ts";

/** Every loaded unit of ours is listed, so one that a stray session might have and that is not listed is not loaded: none owns it. */
export function unloadedUnit(unit: string): UnitDocument {
  const file = { load: "not-found", active: "inactive", sub: "dead", result: null, fileState: null };
  const service = {
    serviceType: null,
    remainAfterExit: null,
    killMode: null,
    mainPid: null,
    invocationId: null,
  };
  const runs = { restarts: null, execCode: null, execStatus: null, sinceUs: null };
  const payload = { unit, ...file, ...service, ...runs };
  return { agent: null, unit: payload, atUs: 0, seq: 0, recordedAtUs: 0 };
}

/** `ActiveState` of a unit that does not exist is `inactive` too: the planes tell the two apart. */
export function activeOf({ unit }: UnitDocument): string {
  return unit.load === "not-found" && unit.active === "inactive" ? "not-found" : unit.active;
}
