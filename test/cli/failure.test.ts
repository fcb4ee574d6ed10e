import { describe, expect, test } from "vitest";
import { explain, failureText } from "../../cli/failure.ts";
import { type ErrorKind, FleetError } from "../../store/errors.ts";

const said = (error: unknown, debug = false) => failureText(explain(error, debug));

test.each<[ErrorKind, number]>([
  ["usage", 2],
  ["config", 1],
  ["unavailable", 1],
  ["conflict", 1],
  ["archive", 1],
  ["corrupt", 1],
  ["too-new", 1],
])("an error of kind %s leaves with %i, and always says what to do", (kind, exit) => {
  const failure = explain(new FleetError(kind, "it is wrong"), false);
  expect(failure.exit).toBe(exit);
  expect(failure.remedy).toBeTruthy();
  expect(failure.problem).toBe("it is wrong");
});

test("one line says what is wrong and one what to do", () => {
  const error = new FleetError("config", "FLEET_STATE is a\nb", { hint: "Set it." });
  expect(said(error)).toBe("fleet: FLEET_STATE is a\\nb\n  Set it.\n");
});

test("an error of another bundle's copy of the class is known by its name and kind", () => {
  const foreign = Object.assign(new Error("held by 12"), {
    name: "FleetError",
    kind: "conflict",
    hint: "Wait.",
  });
  expect(said(foreign)).toBe("fleet: held by 12\n  Wait.\n");
});

describe("an unexpected error", () => {
  const bug = new TypeError("x is not a function", { cause: new Error("deep down") });

  test("is called a bug, without a stack", () => {
    expect(said(bug)).toBe(
      "fleet: internal error, this is a bug in fleet: TypeError: x is not a function\n  Run it again with FLEET_DEBUG=1 and report what it prints.\n",
    );
    expect(explain(bug, false).exit).toBe(1);
  });

  test("shows its stack and its cause when FLEET_DEBUG asks", () => {
    const text = said(bug, true);
    expect(text).toContain("failure.test.ts");
    expect(text).toContain("Caused by: Error: deep down");
    expect(text.trimEnd().split("\n").at(-1)).toBe("  Please report it with the stack above.");
  });

  test("may be anything", () => {
    for (const thrown of [undefined, null, "text", 7, { a: 1 }]) expect(explain(thrown, true).exit).toBe(1);
  });
});

test.each([
  ["ENOSPC", "the disk is full"],
  ["SQLITE_FULL", "the disk is full"],
  ["EROFS", "cannot be written"],
  ["EACCES", "not permitted"],
  ["EMFILE", "out of resources"],
])("%s is the machine's trouble, not a bug", (code, expected) => {
  const text = said(Object.assign(new Error(`${code}: something`), { code, path: "/x" }));
  expect(text).toContain(expected);
  expect(text).not.toContain("bug");
});
