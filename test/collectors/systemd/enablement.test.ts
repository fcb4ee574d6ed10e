import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  defaultUnitDirectories,
  fileStateIsDoubtful,
  readLinkedUnits,
} from "../../../collectors/systemd/enablement.ts";
import { readLinger, readManagerFacts } from "../../../collectors/systemd/manager-facts.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-units-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const at = (path: string) => join(directory, path);

test("units are linked by wants and requires of any target, and by nothing else", () => {
  mkdirSync(at("default.target.wants"));
  mkdirSync(at("other.service.requires"));
  mkdirSync(at("mosaic-agent@.service.d"));
  symlinkSync("../mosaic-agent@.service", at("default.target.wants/mosaic-agent@a.service"));
  symlinkSync("/nowhere", at("other.service.requires/b.service"));
  writeFileSync(at("mosaic-agent@.service.d/override.conf"), "");
  writeFileSync(at("c.service"), "");
  const linked = readLinkedUnits([directory, at("missing")]);
  expect([...(linked ?? [])].sort()).toEqual(["b.service", "mosaic-agent@a.service"]);
});

test("where a directory cannot be read nothing is concluded", () => {
  symlinkSync("loop", at("loop"));
  expect(readLinkedUnits([directory, at("loop")])).toBeNull();
  expect(fileStateIsDoubtful("disabled", "a.service", null)).toBe(false);
});

test("only a state that the links contradict is doubtful", () => {
  const linked = new Set(["a.service"]);
  expect(fileStateIsDoubtful("disabled", "a.service", linked)).toBe(true);
  expect(fileStateIsDoubtful("enabled", "b.service", linked)).toBe(true);
  expect(fileStateIsDoubtful("enabled-runtime", "b.service", linked)).toBe(true);
  expect(fileStateIsDoubtful("enabled", "a.service", linked)).toBe(false);
  expect(fileStateIsDoubtful("disabled", "b.service", linked)).toBe(false);
  for (const state of ["static", "masked", "linked", null])
    expect(fileStateIsDoubtful(state, "a.service", linked)).toBe(false);
});

test("a user's own links are where XDG_CONFIG_HOME says, else below the home", () => {
  const system = ["/run/user/7/systemd/user", "/etc/systemd/user", "/run/systemd/user"];
  expect(defaultUnitDirectories({ HOME: "/h" }, "/run/user/7")).toEqual([
    "/h/.config/systemd/user",
    ...system,
  ]);
  expect(defaultUnitDirectories({ HOME: "/h", XDG_CONFIG_HOME: "/c" }, "/run/user/7")[0]).toBe(
    "/c/systemd/user",
  );
  expect(defaultUnitDirectories({}, "/run/user/7")).toEqual(system);
});

test("lingering is yes, no or not known", () => {
  const lingerDirectory = at("linger");
  const logindDirectory = at("logind");
  const read = (user: string | null) => readLinger(user, { lingerDirectory, logindDirectory });
  expect(read("alice")).toBe("unknown"); // neither logind nor its directory
  mkdirSync(logindDirectory);
  expect(read("alice")).toBe("no"); // logind runs, and nobody ever lingered
  mkdirSync(lingerDirectory);
  expect(read("alice")).toBe("no");
  writeFileSync(join(lingerDirectory, "alice"), "");
  expect(read("alice")).toBe("yes");
  expect(read("bob")).toBe("no");
  symlinkSync("carol", join(lingerDirectory, "carol"));
  expect(read("carol")).toBe("unknown"); // a loop stands for any file that cannot be looked at
  for (const name of [null, "", "../alice"]) expect(read(name)).toBe("unknown");
});

test("the boot is what /proc says, and a /proc that does not say is an error rather than a guess", () => {
  const facts = readManagerFacts("nobody-of-that-name");
  expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(facts.bootedAtUs % 1_000_000).toBe(0);
  expect(facts.bootedAtUs).toBeLessThanOrEqual(Date.now() * 1000);
  mkdirSync(at("proc/sys/kernel/random"), { recursive: true });
  writeFileSync(at("proc/sys/kernel/random/boot_id"), "b\n");
  writeFileSync(at("proc/stat"), "cpu 1 2 3\n");
  expect(() => readManagerFacts("x", { procRoot: at("proc") })).toThrow("btime");
});
