import fc from "fast-check";
import { expect, test } from "vitest";
import {
  parseListUnits,
  parseShow,
  parseUtcTimestamp,
  unitFromBlock,
} from "../../../collectors/systemd/show.ts";
import { eventCatalogue } from "../../../store/events/catalogue.ts";

/** What systemd 252 printed for a oneshot launcher, a running service and a unit it does not know. */
const CAPTURED = `Type=oneshot
RemainAfterExit=yes
MainPID=0
Result=success
NRestarts=0
ExecMainCode=1
ExecMainStatus=0
KillMode=control-group
Id=mosaic-agent@coder0.service
LoadState=loaded
ActiveState=active
SubState=exited
UnitFileState=disabled
StateChangeTimestamp=Sat 2026-11-21 10:48:12.251855 UTC
InvocationID=455db2bb7b2046cc896c1f0f4471aba7

Type=simple
RemainAfterExit=no
MainPID=188
Result=success
NRestarts=3
ExecMainCode=0
ExecMainStatus=0
KillMode=control-group
Id=mosaic-simple@a.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=static
StateChangeTimestamp=Sat 2026-11-21 10:48:12.242316 UTC
InvocationID=a1c4bb05d6384617913e295aef3d0ce6

Type=
RemainAfterExit=no
MainPID=0
Result=success
NRestarts=0
ExecMainCode=0
ExecMainStatus=0
KillMode=control-group
Id=nosuch.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
StateChangeTimestamp=
InvocationID=
`;

test("the captured blocks become the units they describe", () => {
  const units = parseShow(CAPTURED).map((block) => {
    const parsed = unitFromBlock(block);
    return parsed.ok ? parsed.unit : parsed.reason;
  });
  expect(units).toEqual([
    {
      unit: "mosaic-agent@coder0.service",
      load: "loaded",
      active: "active",
      sub: "exited",
      result: "success",
      fileState: "disabled",
      serviceType: "oneshot",
      remainAfterExit: true,
      killMode: "control-group",
      mainPid: null,
      invocationId: "455db2bb7b2046cc896c1f0f4471aba7",
      restarts: 0,
      execCode: 1,
      execStatus: 0,
      sinceUs: 1795258092251855,
    },
    expect.objectContaining({
      unit: "mosaic-simple@a.service",
      mainPid: 188,
      restarts: 3,
      fileState: "static",
    }),
    expect.objectContaining({
      unit: "nosuch.service",
      load: "not-found",
      serviceType: null,
      fileState: null,
      sinceUs: null,
    }),
  ]);
  for (const unit of units) eventCatalogue["systemd.unit.changed"].parse(unit);
});

test("a block without one of the four states is refused by its name, not read as inactive", () => {
  for (const missing of ["Id", "LoadState", "ActiveState", "SubState"]) {
    const [block] = parseShow(CAPTURED);
    block?.delete(missing);
    expect(unitFromBlock(block ?? new Map())).toMatchObject({
      ok: false,
      reason: expect.stringContaining(`no ${missing} `),
    });
  }
});

test("whatever is printed, it is a unit that fits the schema or a reason", () => {
  const line = fc.oneof(fc.string(), fc.constantFrom(...CAPTURED.split("\n")));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const block of parseShow(lines.join("\n"))) {
        const parsed = unitFromBlock(block);
        if (parsed.ok) eventCatalogue["systemd.unit.changed"].parse(parsed.unit);
      }
    }),
  );
});

test("a timestamp is read to the microsecond, and what is none is null", () => {
  expect(parseUtcTimestamp("Thu 1970-01-01 00:00:01 UTC")).toBe(1_000_000);
  expect(parseUtcTimestamp("Thu 1970-01-01 00:00:01.5 UTC")).toBe(1_500_000);
  for (const text of ["", "n/a", "Sat 2026-11-21 10:48:12.251855 CET", "@1795258092", "1795258092251855"])
    expect(parseUtcTimestamp(text)).toBeNull();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (us) => {
      const date = new Date(Math.floor(us / 1000)).toISOString();
      const text = `Mon ${date.slice(0, 10)} ${date.slice(11, 19)}.${String(us % 1_000_000).padStart(6, "0")} UTC`;
      expect(parseUtcTimestamp(text)).toBe(us);
    }),
  );
});

test("a list of units is read, and anything else is none", () => {
  const row = { unit: "a.service", load: "loaded", active: "active", sub: "exited", description: "A" };
  expect(parseListUnits(JSON.stringify([row]))).toEqual([
    { unit: "a.service", load: "loaded", active: "active", sub: "exited" },
  ]);
  expect(parseListUnits("[]")).toEqual([]);
  for (const text of ["", "{}", "null", "[1]", "[null]", '[{"unit":"a"}]', "UNIT LOAD ACTIVE SUB"])
    expect(parseListUnits(text)).toBeNull();
});
