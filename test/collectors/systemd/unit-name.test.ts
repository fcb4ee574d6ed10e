import fc from "fast-check";
import { expect, test } from "vitest";
import {
  agentOfUnit,
  isFleetUnit,
  unescapeInstance,
  unitOfObjectPath,
} from "../../../collectors/systemd/unit-name.ts";

/** As sd-bus escapes an object path's label (sd_bus_path_encode). */
function objectPath(unit: string): string {
  const label = [...Buffer.from(unit)]
    .map((byte, at) => {
      const char = String.fromCharCode(byte);
      const plain = /[A-Za-z]/.test(char) || (at > 0 && /[0-9]/.test(char));
      return plain ? char : `_${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
  return `/org/freedesktop/systemd1/unit/${label}`;
}

test("the agent of a unit is its instance, else whom the roster says, else nobody", () => {
  const named = [
    { unit: "odd.service", agent: "odd" },
    { unit: "mosaic-agent@coder0.service", agent: "somebody-else" },
  ];
  expect(agentOfUnit("mosaic-agent@coder0.service", named)).toBe("coder0");
  expect(agentOfUnit("mosaic-agent@canary-pi.service", [])).toBe("canary-pi");
  expect(agentOfUnit("odd.service", named)).toBe("odd");
  expect(agentOfUnit("mosaic-tmux-holder.service", named)).toBeNull();
  expect(agentOfUnit("mosaic-agent@.service", named)).toBeNull();
});

test("an escaped instance is unescaped, bytes of a character together, and a dash stays a dash", () => {
  expect(unescapeInstance("a\\x2db")).toBe("a-b");
  expect(unescapeInstance("a-b")).toBe("a-b");
  expect(unescapeInstance("caf\\xc3\\xa9")).toBe("café");
  expect(unescapeInstance("half\\x2")).toBe("half\\x2");
});

test("the fleet's units are services whose name says so", () => {
  expect(isFleetUnit("mosaic-agent@a.service")).toBe(true);
  expect(isFleetUnit("mosaic-tmux-holder.service")).toBe(true);
  for (const unit of ["app-mosaic\\x2dagent.slice", "mosaic-.service", "mosaic-x.timer", "xmosaic-a.service"])
    expect(isFleetUnit(unit)).toBe(false);
});

test("a unit comes back from the object path that systemd gives it", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9:_.\\@-]{1,60}$/), (unit) => {
      expect(unitOfObjectPath(objectPath(unit))).toBe(unit);
    }),
  );
  expect(unitOfObjectPath("/org/freedesktop/systemd1/job/50")).toBeNull();
  expect(unitOfObjectPath("/org/freedesktop/systemd1/unit/a/b")).toBeNull();
});
