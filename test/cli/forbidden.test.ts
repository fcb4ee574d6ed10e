import { constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { explain } from "../../cli/failure.ts";
import { type Looking, whyForbidden } from "../../cli/forbidden.ts";

const ME = 1000;

/** By owner and mode, as the kernel judges for somebody who is not root and in no group. */
function files(modes: Record<string, [uid: number, mode: number]>): Looking {
  const all: Record<string, [uid: number, mode: number]> = {
    "/": [0, 0o40755],
    "/h": [0, 0o40755],
    ...modes,
  };
  return {
    stat(path) {
      const found = all[path];
      return found ? { uid: found[0], mode: found[1], isDirectory: (found[1] & 0o40000) !== 0 } : null;
    },
    may(path, what) {
      const [uid, mode] = all[path] ?? [0, 0];
      const bits = uid === ME ? mode >> 6 : mode;
      const [r, w, x] = [constants.R_OK, constants.W_OK, constants.X_OK];
      return [r, w, x].every((bit) => (what & bit) === 0 || (bits & bit) !== 0);
    },
  };
}

const STATE = { "/h/state": [ME, 0o40700] as [number, number] };

test.each<[string, string, Record<string, [number, number]>, string | null, string | null]>([
  [
    "one's own directory that may not be written",
    "/h/state/archive/lock",
    { ...STATE, "/h/state/archive": [ME, 0o40500] },
    "/h/state/archive is yours, and its mode forbids it (0500)",
    "chmod u+rwx /h/state/archive",
  ],
  [
    "one's own directory above it",
    "/h/state/spool",
    { "/h/state": [ME, 0o40500] },
    "/h/state is yours, and its mode forbids it (0500)",
    "chmod u+rwx /h/state",
  ],
  [
    "one's own directory that may not be entered",
    "/h/state/archive/lock",
    { "/h/state": [ME, 0o40600], "/h/state/archive": [ME, 0o40700] },
    "/h/state is yours, and its mode forbids it (0600)",
    "chmod u+rwx /h/state",
  ],
  [
    "one's own file",
    "/h/state/fleet.db",
    { ...STATE, "/h/state/fleet.db": [ME, 0o100400] },
    "/h/state/fleet.db is yours, and its mode forbids it (0400)",
    "chmod u+rw /h/state/fleet.db",
  ],
  [
    "somebody else's directory in one's own",
    "/h/state/archive/lock",
    { ...STATE, "/h/state/archive": [0, 0o40700] },
    "/h/state/archive belongs to uid 0, not to you (uid 1000)",
    "Run fleet as the user who owns the fleet; or, if it should be yours: chown 1000 /h/state/archive",
  ],
  [
    "nothing that a mode tells",
    "/h/state/archive/lock",
    { ...STATE, "/h/state/archive": [ME, 0o40700] },
    null,
    null,
  ],
])("%s is told as that", (_, path, modes, what, remedy) => {
  const why = whyForbidden(path, ME, files(modes));
  expect([why?.what ?? null, why?.remedy ?? null]).toEqual([what, remedy]);
});

test("whoever owns everything is not told to be somebody else", () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet-forbidden-"));
  try {
    const error = Object.assign(new Error("EPERM: operation not permitted"), {
      code: "EPERM",
      path: join(directory, "lock"),
    });
    const { problem, remedy } = explain(error, false);
    expect(problem).toBe("not permitted: EPERM: operation not permitted");
    expect(remedy).toContain("lsattr");
    expect(remedy).not.toContain("as the user who owns");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
