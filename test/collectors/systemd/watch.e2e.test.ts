import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Host } from "../../sandbox/host.ts";
import {
  bootHost,
  eventsOf,
  installUnits,
  lastReport,
  loggedOf,
  snapshotsOf,
  unitSeen,
  type Watching,
  watchAs,
} from "./watched-host.ts";

const CODER = "mosaic-agent@coder0.service";
const PLAIN = "mosaic-plain@p1.service";
const ROSTER = ["mosaic-agent@coder0.service=coder0", "named-by-roster.service=odd"];

let host: Host;
const started: Watching[] = [];
beforeAll(async () => {
  host = await bootHost({ name: "units" });
  await installUnits(host, "alice");
});
afterEach(async () => {
  for (const watching of started.splice(0)) await watching.stop();
});
afterAll(async () => {
  await host.down();
});

async function watching(user = "alice", named: readonly string[] = ROSTER): Promise<Watching> {
  const watch = watchAs(host, user, named);
  started.push(watch);
  await watch.until("both collectors look", (lines) => {
    const heard = lastReport(lines, "systemd", "user-bus")?.state === "observed";
    return heard && snapshotsOf(lines).length > 0 && lastReport(lines, "journal")?.state === "observed";
  });
  watch.mark();
  return watch;
}
const systemctl = (...args: string[]) => host.check("alice", ["systemctl", "--user", ...args]);

test("a unit that starts and stops is seen at once, with the lines that say how it came about", async () => {
  const watch = await watching();
  await systemctl("start", CODER);
  const active = await watch.until("active", (lines) => {
    const seen = unitSeen(lines, CODER);
    return seen?.unit.active === "active" && seen;
  });
  expect(active.agent).toBe("coder0");
  expect(active.unit).toMatchObject({ sub: "exited", fileState: "disabled", serviceType: "oneshot" });
  expect(active.unit.invocationId).toMatch(/^[0-9a-f]{32}$/);
  expect(Math.abs(Date.now() * 1000 - (active.unit.sinceUs ?? 0))).toBeLessThan(60_000_000);
  await watch.until("started", (lines) => loggedOf(lines, CODER).includes("started"));

  await systemctl("stop", CODER);
  await watch.until("inactive", (lines) => unitSeen(lines, CODER)?.unit.active === "inactive");
  await watch.until("stopped", (lines) => loggedOf(lines, CODER).includes("stopped"));
  expect(loggedOf(watch.lines, CODER)).toEqual(["starting", "started", "stopping", "stopped"]);
  const stopped = eventsOf(watch.lines, "journal.unit.logged").at(-1);
  expect(stopped).toMatchObject({ agent: "coder0", payload: { jobType: "stop", jobResult: "done" } });
});

test("a killed process is seen with its signal, by the unit's state and by the journal", async () => {
  const watch = await watching();
  await systemctl("start", PLAIN);
  const seen = await watch.until("running", (lines) => {
    const unit = unitSeen(lines, PLAIN)?.unit;
    return unit?.sub === "running" && unit;
  });
  await host.check("alice", ["kill", "-KILL", String(seen.mainPid)]);
  const failed = await watch.until("failed", (lines) => {
    const unit = unitSeen(lines, PLAIN)?.unit;
    return unit?.active === "failed" && unit;
  });
  expect(failed).toMatchObject({ result: "signal", execCode: 2, execStatus: 9, mainPid: null });
  const exited = await watch.until("process-exited", (lines) =>
    eventsOf(lines, "journal.unit.logged").find((event) => event.payload.what === "process-exited"),
  );
  expect(exited.payload).toMatchObject({ unit: PLAIN, exitCode: "killed", exitStatus: "9" });
  await systemctl("reset-failed", PLAIN);
});

test("a clean end, which the journal does not know, is seen in the unit's state", async () => {
  const watch = await watching();
  await systemctl("start", PLAIN);
  const running = await watch.until("running", (lines) => {
    const unit = unitSeen(lines, PLAIN)?.unit;
    return unit?.sub === "running" && unit;
  });
  await watch.until("started", (lines) => loggedOf(lines, PLAIN).includes("started"));
  await host.check("alice", ["kill", "-TERM", String(running.mainPid)]);
  await watch.until("inactive", (lines) => unitSeen(lines, PLAIN)?.unit.active === "inactive");
  expect(loggedOf(watch.lines.slice(-20), PLAIN)).not.toContain("stopped");
});

test("a missing executable is told with the path that is missing", async () => {
  const watch = await watching();
  await systemctl("start", "mosaic-broken.service");
  const event = await watch.until("exec-failed", (lines) =>
    eventsOf(lines, "journal.unit.logged").find((event) => event.payload.what === "exec-failed"),
  );
  expect(event.payload.message).toContain("/nonexistent/agent");
  await watch.until("failed", (lines) => unitSeen(lines, "mosaic-broken.service")?.unit.active === "failed");
  await systemctl("reset-failed", "mosaic-broken.service");
});

test("enabling and disabling is seen, also where only a link was made or removed by hand", async () => {
  const watch = await watching();
  const fileState = (expected: string) =>
    watch.until(expected, (lines) => unitSeen(lines, CODER)?.unit.fileState === expected);
  await systemctl("start", CODER);
  await fileState("disabled");
  await systemctl("enable", CODER);
  await fileState("enabled");
  watch.mark();
  await systemctl("disable", CODER);
  await fileState("disabled");

  watch.mark();
  const wants = ".config/systemd/user/default.target.wants";
  await host.check("alice", ["mkdir", "-p", wants]);
  await host.check("alice", ["ln", "-s", "../mosaic-agent@.service", `${wants}/${CODER}`]);
  await fileState("enabled");
  // The manager itself still believes the opposite, which is why the disk is asked.
  expect(await systemctl("show", "-p", "UnitFileState", CODER)).toBe("UnitFileState=disabled\n");
  watch.mark();
  await host.check("alice", ["rm", `${wants}/${CODER}`]);
  await fileState("disabled");
  await systemctl("stop", CODER);
});

test("only the fleet's units and those of the roster are looked at and kept", async () => {
  const watch = await watching();
  await systemctl("start", "stranger.service", "named-by-roster.service");
  const seen = await watch.until("named", (lines) => unitSeen(lines, "named-by-roster.service"));
  expect(seen.agent).toBe("odd");
  await watch.until("started", (lines) => loggedOf(lines, "named-by-roster.service").length > 0);
  await systemctl("stop", "stranger.service", "named-by-roster.service");
  await watch.until("stopped", (lines) => loggedOf(lines, "named-by-roster.service").includes("stopped"));
  expect(unitSeen(watch.lines, "stranger.service")).toBeUndefined();
  expect(loggedOf(watch.lines, "stranger.service")).toEqual([]);
});

test("while nothing changes no unit is asked about, although signs of life go on", async () => {
  // Asking about a unit that is not loaded loads and drops it, which is signalled: that must not call for another look.
  const watch = await watching("alice", [...ROSTER, "mosaic-agent@never-started.service=never-started"]);
  await systemctl("daemon-reload");
  await watch.until("reloaded", (lines) => snapshotsOf(lines).some((snapshot) => snapshot.complete));
  await watch.until("three signs of life in a row", (lines) => {
    const batches = lines.flatMap((line) => (line.batch?.source === "systemd" ? [line.batch] : []));
    return batches.length >= 4 && batches.slice(-3).every((batch) => batch.observed !== undefined);
  });
  expect(unitSeen(watch.lines, "mosaic-agent@never-started.service")?.unit.active).toBe("inactive");
});

test("a tenant sees nothing of another one's units", async () => {
  const alice = await watching();
  const bob = await watching("bob", []);
  await systemctl("restart", CODER);
  await alice.until("active", (lines) => unitSeen(lines, CODER)?.unit.active === "active");
  await alice.until("started", (lines) => loggedOf(lines, CODER).includes("started"));
  await bob.until("a tick", (lines) => lines.some((line) => line.batch?.observed));
  expect(unitSeen(bob.lines, CODER)).toBeUndefined();
  expect(loggedOf(bob.lines, CODER)).toEqual([]);
  await systemctl("stop", CODER);
});

test("the manager's death makes units unknown, not inactive, and its return shows them all", async () => {
  const watch = await watching();
  await systemctl("start", PLAIN);
  await watch.until("running", (lines) => unitSeen(lines, PLAIN)?.unit.sub === "running");
  watch.mark();
  await host.check("root", ["systemctl", "kill", "-s", "KILL", "user@1001.service"]);
  const report = await watch.until("unavailable", (lines) => {
    const last = lastReport(lines, "systemd");
    return last?.state === "unavailable" && last;
  });
  expect(report.reason).toContain("Failed to connect to bus");
  expect(snapshotsOf(watch.lines.slice(-3)).flatMap((snapshot) => snapshot.units)).toEqual([]);
  watch.mark();
  await host.check("root", ["systemctl", "start", "user@1001.service"]);
  const back = await watch.until("recovered", (lines) => {
    const whole = snapshotsOf(lines)
      .filter((snapshot) => snapshot.complete)
      .at(-1);
    return lastReport(lines, "systemd")?.state === "observed" && whole;
  });
  // Nothing of the old manager is loaded in the new one; what the roster names is asked for all the same.
  expect(back.units.map((seen) => seen.unit.unit).sort()).toEqual([CODER, "named-by-roster.service"]);
  await systemctl("start", PLAIN);
  await watch.until("heard again", (lines) => unitSeen(lines, PLAIN)?.unit.sub === "running");
  await systemctl("stop", PLAIN);
});

test("without the bus units are still seen, and it is said that this takes longer", async () => {
  const watch = await watching();
  await systemctl("stop", "dbus.socket", "dbus.service");
  const report = await watch.until("the bus is gone", (lines) => {
    const last = lastReport(lines, "systemd", "user-bus");
    return last?.state === "unavailable" && last;
  });
  expect(report.reason).toContain("every 2000 ms");
  watch.mark();
  await systemctl("start", PLAIN);
  await watch.until("running", (lines) => unitSeen(lines, PLAIN)?.unit.sub === "running");
  await systemctl("stop", PLAIN);
  await watch.until("inactive", (lines) => unitSeen(lines, PLAIN)?.unit.active === "inactive");
  expect(lastReport(watch.lines, "systemd")?.state).toBe("observed");
  await systemctl("start", "dbus.socket");
  await watch.until("heard again", (lines) => lastReport(lines, "systemd", "user-bus")?.state === "observed");
});

test("both collectors end when they are asked to and leave no process behind", async () => {
  const watch = await watching();
  await watch.stop();
  expect(watch.lines.at(-1)).toEqual({ ended: true });
  const left = await host.exec("root", ["pgrep", "-u", "alice", "-x", "journalctl"]);
  expect(left.stdout).toBe("");
});

test("lingering that is switched off is told although it ends the manager, and a reboot has another boot id", async () => {
  const watch = await watching();
  const before = snapshotsOf(watch.lines).at(-1)?.manager;
  expect(before).toMatchObject({ linger: "yes", bootId: await host.bootId() });
  await host.check("root", ["loginctl", "disable-linger", "alice"]);
  const manager = await watch.until("linger off", (lines) => {
    // By a snapshot where the manager still answers, by an event of its own where it is gone already.
    const told = eventsOf(lines, "systemd.manager.changed").map((event) => event.payload);
    return [...told, ...snapshotsOf(lines).map((snapshot) => snapshot.manager)].find(
      (one) => one.linger === "no",
    );
  });
  expect(manager).toMatchObject({ bootId: before?.bootId, version: before?.version });
  await watch.stop();

  await host.check("root", ["loginctl", "enable-linger", "alice"]);
  await host.reboot();
  const after = await watching();
  const rebooted = snapshotsOf(after.lines).at(-1)?.manager;
  expect(rebooted).toMatchObject({ linger: "yes", bootId: await host.bootId() });
  expect(rebooted?.bootId).not.toBe(before?.bootId);
});
