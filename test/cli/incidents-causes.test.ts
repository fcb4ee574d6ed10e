import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { IncidentsDocument } from "../../query/incidents.ts";
import type { PsDocument } from "../../query/row.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import { BOOT, beatLook, paneSeen, rosterLook, systemdLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast, withoutSeqs } from "./support/seeded-past.ts";

describe("causes", () => {
  let past: SeededPast;
  beforeEach(() => {
    past = seedPast();
  });
  afterEach(() => past.close());

  const incidents = async () =>
    (await past.json<IncidentsDocument>("incidents", "--since", "20:00")).incidents;
  const unit = (agent: string) => `mosaic-agent@${agent}.service`;
  const alive = (second: number, ...agents: string[]) =>
    tmuxLook(
      at(second),
      agents.map((agent, index) => paneSeen(agent, index + 1, { startedAtUs: at(-60) })),
    );
  const exited = {
    type: "heartbeat.writer.exited",
    source: "heartbeat",
    payload: { pid: 4000, pidStart: 7000 },
  } as const;
  const begin = () =>
    past.record(
      0,
      rosterLook(at(0), { coder0: {}, coder1: {} }),
      alive(0, "coder0", "coder1"),
      systemdLook(at(0), { [unit("coder0")]: {}, [unit("coder1")]: {} }, { bootedAtUs: at(-7200) }),
      beatLook(at(0), "coder0", at(0)),
      beatLook(at(0), "coder1", at(0)),
    );

  /** The machine booted at 130, and a recorder that came at `second` found nothing left. */
  const rebootedBy = (second: number) => {
    const boot = { bootId: `2222${BOOT.slice(4)}`, bootedAtUs: at(130) };
    const gone = tmuxLook(at(second), [], { server: null, goneReason: "no-socket" });
    past.record(second, gone, systemdLook(at(second), {}, boot));
    past.stop(second + 100);
    past.now(second + 100);
  };
  const causes = async () =>
    (await incidents()).map(({ cause, deaths }) => [cause?.kind, deaths.map(({ agent }) => agent)]);

  test("what the recorder still sees to die in the moment in which a shutdown ends it is the reboot's; what it saw before is not", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.tell(97, { ...exited, agent: "coder0", occurredAtUs: at(97) });
    past.tell(99.8, { ...exited, agent: "coder1", occurredAtUs: at(99.8) });
    past.stop(100);
    rebootedBy(200);
    expect(await causes()).toEqual([
      [undefined, ["coder0"]],
      ["reboot", ["coder1"]],
    ]);
  });

  test("where the recorder ended without a word the machine ended all at once: what it outlived was not the reboot's", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.tell(99, { ...exited, agent: "coder0", occurredAtUs: at(99) });
    past.tell(99.8, { ...exited, agent: "coder1", occurredAtUs: at(99.8) });
    const lapsed = { pid: 1, lastAliveUs: at(99.9) };
    past.tell(200, { type: "recorder.lapsed", payload: lapsed, occurredAtUs: at(200) });
    rebootedBy(200);
    expect(await causes()).toEqual([
      [undefined, ["coder0"]],
      ["reboot", ["coder1"]],
    ]);
  });

  test("a reboot is the cause of all that it ended, at its own hour, also when nobody recorded", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.stop(100);
    const boot = { bootId: `2222${BOOT.slice(4)}`, bootedAtUs: at(130) };
    const ended = { active: "inactive", sub: "dead" };
    past.record(
      200,
      tmuxLook(at(200), [], { server: null, goneReason: "no-socket" }),
      systemdLook(at(200), { [unit("coder0")]: ended, [unit("coder1")]: ended }, boot),
    );
    past.stop(300);
    past.now(300);
    const [incident, ...others] = await incidents();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      at: "2026-06-20T20:02:10.000Z",
      cause: { kind: "reboot", detail: "boot 22221111", at: "2026-06-20T20:02:10.000Z" },
    });
    expect(incident?.deaths.map(({ agent }) => agent)).toEqual(["coder0", "coder1"]);
    expect((await past.run("incidents", "--since", "20:00")).stdout).toMatch(
      /^2026-06-20 20:02:10 {2}the machine was rebooted \(boot 22221111 at 20:02:10\), and with it 2 agents$/m,
    );
  });

  test("a boot within the very second in which the machine went down is known by its name", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.stop(100.4);
    const ended = { active: "inactive", sub: "dead" };
    past.record(
      200,
      tmuxLook(at(200), [], { server: null, goneReason: "no-socket" }),
      systemdLook(
        at(200),
        { [unit("coder0")]: ended, [unit("coder1")]: ended },
        { bootId: `2222${BOOT.slice(4)}`, bootedAtUs: at(100) },
      ),
    );
    past.stop(300);
    past.now(300);
    const found = await incidents();
    expect(found.map(({ cause, deaths }) => [cause?.kind, deaths.map(({ agent }) => agent)])).toEqual([
      ["reboot", ["coder0", "coder1"]],
    ]);
    expect(found[0]?.deaths[0]?.witnessed).toBe(false);
  });

  test("a server took them along also in a window that begins after that", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    for (const agent of ["coder0", "coder1"]) past.tell(99.5, { ...exited, agent, occurredAtUs: at(99.5) });
    past.look(100, tmuxLook(at(100), [], { server: null, goneReason: "refused" }));
    past.stop(200);
    past.now(200);
    const causes = async (...argv: string[]) =>
      (await past.json<IncidentsDocument>("incidents", ...argv)).incidents.map(({ cause, deaths }) => [
        cause?.kind,
        deaths.map(({ agent }) => agent),
      ]);
    const one = [["tmux-server", ["coder0", "coder1"]]];
    expect(await causes("--since", "20:00")).toEqual(one);
    expect(await causes("--since", "20:02")).toEqual(one);
  });

  test("a user manager that goes takes the tmux server with it", async () => {
    begin();
    past.look(30, tmuxLook(at(30), [], { server: null, goneReason: "refused" }));
    const payload = { source: "systemd", scope: "", reason: "no bus" };
    past.tell(31, { type: "recorder.source.unavailable", payload });
    past.stop(60);
    past.now(60);
    expect((await incidents()).map(({ cause, deaths }) => [cause?.kind, deaths.length])).toEqual([
      ["user-manager", 2],
    ]);
  });

  test("a user manager that is restarted has taken along what does not come back", async () => {
    begin();
    const line = (second: number, agent: string | null, name: string, what: string, jobType: string) =>
      past.tell(second, {
        type: "journal.unit.logged",
        agent,
        source: "journal",
        payload: {
          ...{
            unit: name,
            what,
            jobType,
            jobResult: "done",
            exitCode: null,
            exitStatus: null,
            unitResult: null,
          },
          ...{ restarts: null, invocationId: null, bootId: null, priority: null, message: null },
        },
      });
    line(28, null, "default.target", "stopped", "stop");
    for (const agent of ["coder0", "coder1"]) line(28.1, agent, unit(agent), "stopping", "stop");
    past.look(29, tmuxLook(at(29), [paneSeen("coder1", 2)]));
    past.look(30, tmuxLook(at(30), [], { server: null, goneReason: "refused" }));
    for (const agent of ["coder0", "coder1"]) line(30.1, agent, unit(agent), "stopped", "stop");
    line(35, null, "default.target", "started", "start");
    past.stop(60);
    past.now(60);
    const found = await incidents();
    expect(found.map(({ cause, deaths }) => [cause, deaths.map(({ agent }) => agent)])).toEqual([
      [
        { kind: "user-manager", detail: "default.target stopped", at: "2026-06-20T20:00:28.000Z" },
        ["coder0", "coder1"],
      ],
    ]);
    expect(withoutSeqs((await past.run("incidents")).stdout)).toMatch(
      /^2026-06-20 20:00:35 {2}the user manager was stopped \(default\.target stopped at 20:00:28\), and with it 2 agents$/m,
    );
  });

  test("who never ran has not failed; its first death is an incident, of which nobody misses a beat that was not expected", async () => {
    const notExpected = { heartbeat: "not-expected" } as const;
    const holder = { ...notExpected, role: "holder", runtime: null, class: "holder" } as const;
    past.record(0, rosterLook(at(0), { _holder: holder, mute: notExpected }), tmuxLook(at(0), []));
    past.look(10, tmuxLook(at(10), [paneSeen("_holder", 1), paneSeen("mute", 2)]));
    past.look(20, tmuxLook(at(20), [paneSeen("_holder", 1)]));
    past.stop(30);
    past.now(30);
    const table = await past.json<PsDocument>("ps", "--at", "20:00:05");
    expect(table.agents.map(({ status, status_reason }) => [status, status_reason])).toEqual([
      ["dead", "never-ran"],
      ["dead", "never-ran"],
    ]);
    expect((await past.run("incidents", "--until", "20:00:15")).stdout).toMatch(/^Nothing failed /);
    expect(withoutSeqs((await past.run("incidents")).stdout).replaceAll(/\s+/g, " ")).toMatch(
      /^2026-06-20 20:00:20 mute dead \(pane missing\), for 10 s and not seen well since; pane %2 \(process 1002\) was gone at 20:00:20; nobody was attached \[#\] 1 failure /,
    );
    // As with one that is absent: nothing of it could be observed until its first run.
    const { agents } = await past.json<UptimeDocument>("uptime", "--since", "20:00");
    expect(agents.map((one) => [one.name, one.healthy_us, one.unhealthy_us, one.unobserved_us])).toEqual([
      ["mute", 10e6, 10e6, 10e6],
      ["_holder", 20e6, 0, 10e6],
    ]);
    expect(agents.map(({ outages, availability }) => [outages, availability])).toEqual([
      [1, 0.5],
      [0, 1],
    ]);
  });

  test("one whose unit has started it, and of which nobody ever saw a pane, has failed", async () => {
    past.record(
      0,
      rosterLook(at(0), { mute: { heartbeat: "not-expected", unit: unit("mute") } }),
      tmuxLook(at(0), []),
      systemdLook(at(0), { [unit("mute")]: { sinceUs: at(-60) } }),
    );
    past.stop(4);
    past.now(4);
    const { stdout } = await past.run("incidents");
    expect(withoutSeqs(stdout).replaceAll(/\s+/g, " ")).toContain(
      "mute dead (pane missing), for at least 4.0 s and not seen well since; it was so when it was first looked at; no pane of it was ever seen; unit active; who was attached is not known",
    );
  });

  test("a session that was renamed is not said to have gone, and by what name it runs on", async () => {
    past.record(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [paneSeen("coder0", 1)]));
    past.look(10, tmuxLook(at(10), [paneSeen("zed", 1)]));
    past.look(12, beatLook(at(12), "coder0", at(12), { pid: 1001 }));
    past.stop(20);
    past.now(20);
    const words = (...argv: string[]) =>
      past.run(...argv).then(({ stdout }) => withoutSeqs(stdout).replaceAll(/\s+/g, " "));
    expect(await words("incidents")).toContain(
      "dead (session renamed to zed), for 10 s and not seen well since; pane %1 (process 1001) did not end: its session was renamed to zed at 20:00:10;",
    );
    expect(await words("ps", "--at", "20:00:15")).toContain("session renamed to zed, pid 1001 still beats");
    expect(await words("why", "coder0", "--at", "20:00:15")).toContain("session renamed to zed");
  });

  test("the kernel's verdict, who was attached and the last message stand in the certificate", async () => {
    begin();
    past.tell(5, {
      type: "message.submitted",
      agent: "coder0",
      source: "operator",
      payload: { message: "01J" },
    });
    const client = {
      client: "/dev/pts/3",
      session: "$1",
      name: "coder0",
      pid: 77,
      readOnly: false,
      control: false,
    };
    const panes = (dead: boolean) => [
      paneSeen("coder0", 1, {
        startedAtUs: at(-60),
        ...(dead ? { dead: true, signal: 9, diedAtUs: at(40) } : {}),
      }),
      paneSeen("coder1", 2, { startedAtUs: at(-60) }),
    ];
    past.look(20, tmuxLook(at(20), panes(false), { clients: [client] }));
    past.look(40, tmuxLook(at(40), panes(true), { clients: [client] }));
    past.look(
      41,
      systemdLook(
        at(41),
        { [unit("coder0")]: { active: "failed", sub: "failed", result: "oom-kill" }, [unit("coder1")]: {} },
        { bootedAtUs: at(-7200) },
      ),
    );
    past.stop(44);
    past.now(44);
    const [incident] = await incidents();
    const [death] = incident?.deaths ?? [];
    expect(death).toMatchObject({
      agent: "coder0",
      attached: [{ client: "/dev/pts/3", since: "2026-06-20T20:00:20.000Z", read_only: false }],
      last_message: { at: "2026-06-20T20:00:05.000Z" },
      out_of_memory: { seq: expect.any(Number) },
      unit: { active: "failed", result: "oom-kill" },
    });
    const { stdout } = await past.run("incidents", "--since", "20:00");
    expect(stdout).toContain("OUT OF MEMORY");
    expect(stdout).toContain("attached: /dev/pts/3 since 20:00:20");
  });

  test("a death that nobody watched is not given an hour of its own", async () => {
    begin();
    for (const agent of ["coder0", "coder1"]) past.beats(agent, 15, 60);
    past.stop(60);
    past.record(300, alive(300, "coder0"), beatLook(at(300), "coder0", at(295)));
    past.stop(310);
    past.now(310);
    const found = (await incidents()).flatMap(({ cause, deaths }) =>
      deaths.map((death) => ({ cause, ...death })),
    );
    const coder1 = found.find(({ agent, witnessed }) => agent === "coder1" && !witnessed);
    expect(coder1).toMatchObject({
      cause: { kind: "unwatched" },
      not_before: "2026-06-20T20:01:00.000001Z",
      at: "2026-06-20T20:05:00.000Z",
    });
    expect(
      (await past.run("incidents", "coder1", "--since", "20:00")).stdout.replaceAll(/\s+/g, " "),
    ).toContain("somewhere between 20:01:00 and then: nobody watched");
  });
});
