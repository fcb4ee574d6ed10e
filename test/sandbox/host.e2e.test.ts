import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHost, type Host, installedFleet, installedNode } from "./host.ts";

let host: Host;
beforeAll(async () => {
  host = await createHost({ name: "host-test" });
});
afterAll(async () => {
  await host.down();
});

/** Reads /proc/PID/stat's start time, or null when no such process lives (a zombie does not). */
function liveStartTime(pid: string): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

test("both users have a systemd user manager of their own that is running", async () => {
  for (const user of ["alice", "bob"]) {
    expect((await host.check(user, ["systemctl", "--user", "is-system-running"])).trim()).toBe("running");
    expect((await host.check(user, ["loginctl", "show-user", user, "-p", "Linger"])).trim()).toBe(
      "Linger=yes",
    );
  }
});

test("a command's code, output, input, directory and variables come through", async () => {
  const script = 'cat; pwd; echo "$WORD $USER" >&2; exit 7';
  const outcome = await host.exec("alice", ["sh", "-c", script], {
    cwd: "/var",
    env: { WORD: "two words" },
    input: "typed\n",
  });
  expect(outcome).toEqual({ code: 7, signal: null, stdout: "typed\n/var\n", stderr: "two words alice\n" });
  await expect(host.check("alice", ["sh", "-c", "echo why >&2; exit 3"])).rejects.toThrow(
    "ended with 3: why",
  );
});

test("a command that takes too long is ended and says so", async () => {
  const late = host.exec("alice", ["sleep", "1000"], { deadlineMs: 300 });
  await expect(late).rejects.toThrow("took longer than 300 ms");
  await expect.poll(() => host.exec("root", ["pgrep", "-x", "sleep"]).then((o) => o.code)).toBe(1);
});

test("ending a spawned command ends it inside the host", async () => {
  const child = host.spawn("alice", ["sh", "-c", "echo started; exec sleep 1000"]);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  child.kill();
  await new Promise((resolve) => child.once("close", resolve));
  expect((await host.exec("root", ["pgrep", "-x", "sleep"])).code).toBe(1);
});

test("one user can neither read the other's files nor reach the other's manager", async () => {
  await host.check("alice", ["sh", "-c", "umask 077; echo secret > ~/secret"]);
  expect((await host.exec("bob", ["cat", "/home/alice/secret"])).code).not.toBe(0);
  const env = {
    XDG_RUNTIME_DIR: "/run/user/1001",
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/1001/bus",
  };
  expect((await host.exec("bob", ["systemctl", "--user", "list-units"], { env })).code).not.toBe(0);
  expect((await host.exec("alice", ["systemctl", "--user", "list-units"], { env })).code).toBe(0);
});

test("an unprivileged user can run the installed Node and read the installed project, and change neither", async () => {
  expect((await host.check("alice", [installedNode, "--version"])).trim()).toBe(process.version);
  expect(await host.check("alice", ["cat", `${installedFleet}/package.json`])).toContain('"name": "fleet"');
  const rights =
    'find /opt/fleet /opt/node -writable -o -type f ! -readable | head; echo "$(command -v fleet)"';
  expect(await host.check("alice", ["sh", "-c", rights])).toBe("/usr/local/bin/fleet\n");
});

test("the installed launcher runs under the installed Node without looking for one", async () => {
  const probe = "const v = process.execPath; console.log(v)";
  const bundle = await host.path("/opt/fleet/dist/fleet.cjs");
  if (!existsSync(bundle)) await host.check("root", ["sh", "-c", "mkdir -p /opt/fleet/dist"]);
  await host.check(
    "root",
    [
      "sh",
      "-c",
      `mv ${installedFleet}/dist ${installedFleet}/dist.real; mkdir -p ${installedFleet}/dist; cat > ${installedFleet}/dist/fleet.cjs`,
    ],
    { input: probe },
  );
  // Without find-node.sh only the remembered line can answer; without FLEET_NODE only it is asked.
  await host.check("root", [
    "mv",
    `${installedFleet}/scripts/find-node.sh`,
    `${installedFleet}/scripts/hidden`,
  ]);
  expect((await host.check("alice", ["env", "-u", "FLEET_NODE", "fleet"])).trim()).toBe(installedNode);
});

test("a user's journal is readable by that user", async () => {
  await host.check("alice", ["systemd-run", "--user", "--wait", "--unit", "says", "echo", "said by alice"]);
  await expect
    .poll(() => host.check("alice", ["journalctl", "--user", "-o", "cat"]))
    .toContain("said by alice");
});

test("a reboot keeps files, changes the boot id and brings both managers back", async () => {
  const before = await host.bootId();
  await host.check("alice", ["sh", "-c", "echo kept > ~/kept"]);
  await host.reboot();
  expect(await host.bootId()).not.toBe(before);
  expect(await host.check("alice", ["cat", "kept"])).toBe("kept\n");
  expect((await host.check("bob", ["systemctl", "--user", "is-system-running"])).trim()).toBe("running");
  expect((await host.check("alice", [installedNode, "--version"])).trim()).toBe(process.version);
});

test("a crash keeps files, and start boots again", async () => {
  const before = await host.bootId();
  await host.check("alice", ["sh", "-c", "echo kept > ~/crashed; sync"]);
  await host.crash();
  await expect(host.bootId()).rejects.toThrow("is not up");
  await host.start();
  expect(await host.bootId()).not.toBe(before);
  expect(await host.check("alice", ["cat", "crashed"])).toBe("kept\n");
});

test("after down no mount, cgroup, process or file of the host is left", async () => {
  const doomed = await createHost({ name: "doomed" });
  const state = join(process.env.FLEET_SANDBOX_STATE ?? join(tmpdir(), "fleet-sandbox"), doomed.name);
  const pid = (await doomed.path("/")).split("/")[2] ?? "";
  const born = liveStartTime(pid);
  const groups = () =>
    execFileSync("unshare", [
      ...["--mount", "--", "sh", "-c"],
      'd=$(mktemp -d); mount -t cgroup2 cgroup2 "$d" && ls "$d"; umount "$d"; rmdir "$d"',
    ]).toString();
  expect(born).not.toBeNull();
  expect(existsSync(state)).toBe(true);
  expect(readFileSync("/proc/self/mounts", "utf8")).toContain(state);
  expect(groups()).toContain(`sandbox-${doomed.name}`);

  await doomed.down();
  expect(liveStartTime(pid) === born).toBe(false);
  expect(existsSync(state)).toBe(false);
  expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(state);
  expect(groups()).not.toContain(`sandbox-${doomed.name}`);
  // The watcher of the owner notices within half a second and goes too.
  const args = () => execFileSync("ps", ["-eo", "stat=,args="]).toString().split("\n");
  const left = () => args().filter((line) => line.includes(doomed.name) && !line.startsWith("Z"));
  await expect.poll(left, { timeout: 20_000 }).toEqual([]);
  await doomed.down();
});

test("a host goes down by itself when the process that owns it is gone", async () => {
  const script = `import { createHost } from "${join(import.meta.dirname, "host.ts")}";
    const host = await createHost({ name: "orphan" });
    process.stdout.write(host.name);
    process.kill(process.pid, "SIGKILL");`;
  let name = "";
  try {
    execFileSync(process.execPath, ["--input-type=module-typescript", "-e", script], { encoding: "utf8" });
  } catch (error) {
    name = (error as { stdout: string }).stdout;
  }
  expect(name).toMatch(/^orphan-/);
  const state = join(process.env.FLEET_SANDBOX_STATE ?? join(tmpdir(), "fleet-sandbox"), name);
  await expect.poll(() => existsSync(state), { timeout: 30_000 }).toBe(false);
});
