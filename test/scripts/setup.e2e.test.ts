import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createHost, type Host } from "../sandbox/host.ts";

let host: Host;
const asRoot = (script: string, input = "") => host.check("root", ["sh", "-c", script], { input });
const setup = (user: string, purpose: string) =>
  host.exec(user, ["sh", "/opt/fleet/scripts/setup.sh", purpose]);
/** An apt-get that writes down how it was called; "install" brings the tmux back that was put away. */
const aptGet = `#!/bin/sh
echo "$DEBIAN_FRONTEND $*" >> /srv/apt.log
case "$*" in *install*) mv /usr/bin/tmux.away /usr/bin/tmux ;; esac`;

beforeAll(async () => {
  host = await createHost({ name: "setup" });
  await asRoot("cp /etc/os-release /srv/os-release; cp /usr/bin/tmux /srv/tmux");
});
afterAll(async () => {
  await host.down();
});
beforeEach(async () => {
  await asRoot(
    "rm -f /srv/apt.log /usr/bin/tmux /usr/bin/tmux.away; cp /srv/tmux /usr/bin/tmux; rm -f /etc/os-release; cp /srv/os-release /etc/os-release",
  );
  await asRoot("cat > /usr/local/sbin/apt-get; chmod 755 /usr/local/sbin/apt-get", aptGet);
});
const putTmuxAway = () => asRoot("mv /usr/bin/tmux /usr/bin/tmux.away");
const becomeFedora = () => asRoot("printf 'ID=fedora\\n' > /etc/os-release");

test("on a machine that has everything it says and changes nothing", async () => {
  for (const [user, purpose] of [
    ["root", "test"],
    ["root", "start"],
    ["alice", "test"],
    ["alice", "start"],
  ] as const)
    expect(await setup(user, purpose)).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  expect((await host.exec("root", ["test", "-e", "/srv/apt.log"])).code).toBe(1);
});

test("root on Debian gets what is missing from the distribution, and only that", async () => {
  await putTmuxAway();
  const { code, stderr } = await setup("root", "test");
  expect([code, stderr]).toEqual([0, "fleet: installing from the distribution: tmux\n"]);
  const calls = (await host.check("root", ["cat", "/srv/apt.log"])).trim().split("\n");
  expect(calls).toHaveLength(2);
  expect(calls[0]).toMatch(/^noninteractive .*update$/);
  expect(calls[1]).toMatch(/^noninteractive .*install --no-install-recommends tmux$/);
});

test("an apt-get that fails is quoted, with what to install by hand", async () => {
  await putTmuxAway();
  await asRoot(
    "cat > /usr/local/sbin/apt-get",
    "#!/bin/sh\necho 'E: no route to the mirror' >&2; exit 100\n",
  );
  const { code, stderr } = await setup("root", "start");
  expect(code).toBe(1);
  expect(stderr).toContain("  E: no route to the mirror\n");
  expect(stderr).toContain("missing on this machine: tmux\n");
  expect(stderr).toContain("apt-get install --no-install-recommends tmux\n");
});

test("who may not install is told what to install", async () => {
  await putTmuxAway();
  const { code, stderr } = await setup("alice", "test");
  expect(code).toBe(1);
  expect(stderr.trim().split("\n")).toEqual([
    "fleet: missing on this machine: tmux",
    "fleet: run: sudo apt-get install --no-install-recommends tmux",
  ]);
});

test("elsewhere than on Debian nothing is installed, also by root", async () => {
  await putTmuxAway();
  await becomeFedora();
  const { code, stderr } = await setup("root", "test");
  expect(code).toBe(1);
  expect(stderr).toContain("missing on this machine: tmux\n");
  expect(stderr).toContain("this system's package manager");
  expect((await host.exec("root", ["test", "-e", "/srv/apt.log"])).code).toBe(1);
});

test.each(["3.1c", "2.9a", "next-3.1"])("tmux %s is too old", async (version) => {
  await becomeFedora();
  await asRoot("cat > /usr/bin/tmux", `#!/bin/sh\necho tmux ${version}\n`);
  const { code, stderr } = await setup("root", "start");
  expect(code).toBe(1);
  expect(stderr).toContain(`needs tmux 3.2 or newer; here is tmux ${version}.`);
});

test.each(["3.2", "3.3a", "next-3.6", "4.0"])("tmux %s will do", async (version) => {
  await asRoot("cat > /usr/bin/tmux", `#!/bin/sh\necho tmux ${version}\n`);
  expect(await setup("alice", "start")).toMatchObject({ code: 0, stderr: "" });
});

test("without the packages npm ci is named", async () => {
  await asRoot("mv /opt/fleet/node_modules /opt/fleet/away");
  const { code, stderr } = await setup("alice", "start");
  await asRoot("mv /opt/fleet/away /opt/fleet/node_modules");
  expect(code).toBe(1);
  expect(stderr).toContain("run `npm ci` first");
});
