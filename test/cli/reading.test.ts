import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { presentAtAGlance } from "../../cli/at-a-glance.ts";
import { readPresent } from "../../cli/present.ts";
import { type PsInput, psDocument } from "../../query/ps.ts";
import type { PsDocument } from "../../query/row.ts";
import type { WhyDocument } from "../../query/why.ts";
import { openReader } from "../../store/reader.ts";
import { beatLook, paneSeen, tmuxLook } from "../support/looks.ts";
import { clock, type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

let fleet: SeededFleet;
beforeEach(() => {
  fleet = seedFleet();
});
afterEach(() => fleet.close());

async function ps(...argv: string[]): Promise<PsDocument> {
  const { stdout, stderr } = await fleet.run("ps", "--json", "--no-collect", ...argv);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as PsDocument;
}
const names = (document: PsDocument) => document.agents.map(({ name }) => name);

test.each([[["messages", "nobody"]], [["export", "--agent", "nobody"]]])(
  "%j names nobody who is known, and says who there is",
  async (argv) => {
    const { exit, stdout, stderr } = await fleet.run(...argv);
    expect({ exit, stdout }).toEqual({ exit: 3, stdout: "" });
    expect(stderr).toContain('no agent is called "nobody"');
    expect(stderr).toContain("Known here: canary-pi, coder0");
    expect((await fleet.run(...argv.with(-1, "coder0"))).exit).toBe(0);
  },
);

describe("ps beside a live recorder", () => {
  beforeEach(() => fleet.record());

  test("reads the log, says who records, and writes nothing", async () => {
    const before = fleet.log.lastSeq();
    const document = await ps();
    expect(document).toMatchObject({
      schema: "fleet.ps.v1",
      tenant_id: "jarvis",
      host: "W-jarvis",
      log_seq: before,
    });
    expect(document.observer.state).toBe("recording");
    expect(document.agents.map(({ name, status }) => [name, status])).toEqual([
      ["coder0", "healthy"],
      ["canary-pi", "busy"],
      ["reviewer", "absent"],
    ]);
    expect(document.agents[1]?.flags).toEqual(["drift", "boot"]);
    expect(fleet.log.lastSeq()).toBe(before);
  });

  test("the short way to the table and the long one show the same", () => {
    const short = presentAtAGlance(fleet.environment);
    const reader = openReader(join(fleet.environment.FLEET_STATE ?? "", "fleet.db"));
    const { observer, nowUs } = short ?? { observer: { state: "absent" }, nowUs: 0 };
    const long = readPresent(reader, { nowUs, observer, all: true });
    reader.close();
    expect(observer.state).toBe("recording");
    expect(psDocument({ ...(short as PsInput), all: true })).toEqual(psDocument({ ...long, observer }));
  });

  test("as a table", async () => {
    const { exit, stdout } = await fleet.run("ps");
    expect(exit).toBe(0);
    const rows = stdout
      .split("\n")
      .slice(0, 4)
      .map((line) => line.replace(/\s{2,}/g, " | "));
    expect(rows[0]).toMatch(/^ ?\|? ?NAME \| STATUS/);
    expect(rows[1]).toMatch(/coder0 \| healthy .* %1 1001 \| 1 s \| pi .* ok/);
    expect(rows[2]).toMatch(/canary-pi \| busy .* dogfood-agent\.py, not pi .* unit-disabled/);
    expect(rows[3]).toMatch(/^! reviewer \| absent/);
    expect(stdout).toContain("jarvis@W-jarvis at ");
    expect(stdout).toContain("Recording since ");
  });

  test("names, classes and runtimes select rows", async () => {
    expect(names(await ps("canary-pi"))).toEqual(["canary-pi"]);
    expect(names(await ps("--class", "reviewer"))).toEqual(["reviewer"]);
    expect(names(await ps("--runtime", "pi"))).toEqual(["coder0", "canary-pi"]);
    expect(names(await ps("--runtime", "pi", "--runtime", "claude", "--class", "implementer"))).toEqual([
      "coder0",
      "canary-pi",
    ]);
    expect(names(await ps("--class", "nobody"))).toEqual([]);
  });

  test("a class or a runtime that nobody has says which there are", async () => {
    const { exit, stderr } = await fleet.run("ps", "--no-collect", "--class", "nope");
    expect(exit).toBe(0);
    expect(stderr).toMatch(/^ {2}no agent here is of class "nope"; there are: .*implementer/);
    const past = await fleet.run("ps", "--runtime", "nope", "--at", `#${fleet.log.lastSeq()}`);
    expect(past.stderr).toContain('no agent here is of runtime "nope"; there are: ');
  });

  test("sessions that no roster names are shown with --all, and by name", async () => {
    expect(names(await ps("--all"))).toEqual(["coder0", "canary-pi", "reviewer", "stray"]);
    expect(names(await ps("stray"))).toEqual(["stray"]);
  });

  test("a name that nobody has ends with 3 and says who there is", async () => {
    expect(await fleet.run("ps", "coder9")).toEqual({
      exit: 3,
      stdout: "",
      stderr: 'fleet: no agent is called "coder9"\n  Known here: coder0, canary-pi, reviewer, stray.\n',
    });
  });

  test("--check leaves with the worst of the rows it was asked about", async () => {
    expect((await fleet.run("ps", "--check", "coder0")).exit).toBe(0);
    expect((await fleet.run("ps", "--check", "canary-pi")).exit).toBe(1);
    expect((await fleet.run("ps", "--check")).exit).toBe(1);
    fleet.look(tmuxLook(clock.nowUs(), [paneSeen("canary-pi", 2), paneSeen("stray", 3)]));
    expect((await fleet.run("ps", "--check")).exit).toBe(2);
  });

  test("--check of nothing is unknown, never well", async () => {
    expect((await fleet.run("ps", "--check", "--class", "nobody")).exit).toBe(3);
  });

  test("a change is seen by the next ps", async () => {
    fleet.look(
      tmuxLook(clock.nowUs(), [paneSeen("coder0", 1, { dead: true, signal: 9 }), paneSeen("canary-pi", 2)]),
    );
    const [coder0] = (await ps("coder0")).agents;
    expect(coder0).toMatchObject({
      status: "failed",
      status_reason: "signal 9",
      pane: { state: "dead", signal: 9 },
    });
  });
});

describe("ps without a recorder, asked not to look", () => {
  test("says that nobody watches, and calls nothing known", async () => {
    const document = await ps();
    expect(document.observer.state).toBe("absent");
    expect(document.agents.map(({ pane }) => pane.state)).toEqual(["unknown", "unknown", "unknown"]);
    expect((await fleet.run("ps", "--no-collect")).stdout).toContain(
      "No recorder runs and nothing was looked at",
    );
  });

  test("a lease whose process is gone is no recorder", async () => {
    fleet.log.claimLease(
      { pid: 2 ** 22 + 1, pidStart: 1, bootId: "another boot", version: "test" },
      () => true,
    );
    expect((await ps()).observer.state).toBe("absent");
  });

  test("an empty file is no log, and is said to be there", async () => {
    fleet.log.close();
    rmSync(join(fleet.home, "state"), { recursive: true });
    mkdirSync(join(fleet.home, "state"), { mode: 0o700 });
    writeFileSync(join(fleet.home, "state", "fleet.db"), "");
    for (const verb of ["events", "history", "verify"])
      expect((await fleet.run(verb)).stderr).toContain("state/fleet.db holds no log yet\n");
  });

  test("where nothing was recorded yet it says so", async () => {
    fleet.log.close();
    rmSync(join(fleet.home, "state"), { recursive: true });
    const { exit, stderr } = await fleet.run("ps", "--no-collect");
    expect(exit).toBe(1);
    expect(stderr).toBe(
      `fleet: nothing has been recorded yet: ${fleet.home}/state/fleet.db is not there\n  Run \`fleet ps\` for one look, or \`fleet record\` to watch and remember.\n`,
    );
  });
});

describe("why", () => {
  beforeEach(() => fleet.record());

  test("shows the ladder and the events behind each cell", async () => {
    const { exit, stdout } = await fleet.run("why", "canary-pi");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^canary-pi is busy, since /);
    expect(stdout).toMatch(/^ {2}yes {2}busy .*a heartbeat was answered/m);
    expect(stdout).toMatch(/^ {2}no {3}dead .*its pane is alive/m);
    expect(stdout).toMatch(/^ {2}pane +alive {2}observed .* ago, by tmux$/m);
    expect(stdout).toMatch(/#\d+ {2}\d\d:\d\d:\d\d {2}tmux\.pane\.created {2}pane %2 with process 1002$/m);
    expect(stdout).toMatch(/^ {2}drift +yes/m);
  });

  test("as JSON, every piece of evidence is an event of the log", async () => {
    const { stdout } = await fleet.run("why", "coder0", "--json");
    const document = JSON.parse(stdout) as WhyDocument;
    expect(document).toMatchObject({
      schema: "fleet.why.v1",
      tenant_id: "jarvis",
      host: "W-jarvis",
      name: "coder0",
    });
    expect(document.row).toEqual((await ps("coder0")).agents[0] && { ...document.row });
    const evidence = document.cells.flatMap((cell) => cell.evidence);
    expect(evidence.length).toBeGreaterThan(4);
    for (const { seq, type } of evidence) {
      const { stdout: line } = await fleet.run(
        "events",
        "--json",
        "--after",
        String(seq - 1),
        "--limit",
        "1",
      );
      expect(JSON.parse(line)).toMatchObject({ seq, type });
    }
  });

  test("an agent that nobody knows ends with 3", async () => {
    expect((await fleet.run("why", "nobody")).exit).toBe(3);
  });
});

describe("events", () => {
  const lines = (text: string) => text.trimEnd().split("\n");
  const seqs = (text: string) => lines(text).map((line) => (JSON.parse(line) as { seq: number }).seq);

  test("lists the newest, oldest first, each on a line", async () => {
    const { exit, stdout } = await fleet.run("events");
    expect(exit).toBe(0);
    expect(lines(stdout)[0]).toMatch(/^#1 {6} {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}/);
    expect(lines(stdout)).toHaveLength(fleet.log.lastSeq());
  });

  test("JSON lines carry the whole envelope", async () => {
    const { stdout } = await fleet.run(
      "events",
      "--json",
      "--agent",
      "coder0",
      "--type",
      "tmux.pane.created",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "fleet.events.v1",
      tenant_id: "jarvis",
      host: "W-jarvis",
      agent: "coder0",
      type: "tmux.pane.created",
      schema_version: 1,
      source: "tmux",
      origin_log: fleet.log.logId,
      payload: { pane: "%1", pid: 1001 },
    });
  });

  test("a limit of none lists none, and does not say that none matches", async () => {
    expect(await fleet.run("events", "--limit", "0")).toMatchObject({
      ...{ exit: 0, stdout: "", stderr: "--limit 0 lists no event, whether any matches or not.\n" },
    });
  });

  test("limits take the newest; with --after they take the first, so that a script can page", async () => {
    const last = fleet.log.lastSeq();
    expect(seqs((await fleet.run("events", "--json", "-n", "2")).stdout)).toEqual([last - 1, last]);
    expect(seqs((await fleet.run("events", "--json", "-n", "2", "--reverse")).stdout)).toEqual([
      last,
      last - 1,
    ]);
    expect(seqs((await fleet.run("events", "--json", "-n", "2", "--after", "#1")).stdout)).toEqual([2, 3]);
    expect(seqs((await fleet.run("events", "--json", "--after", "1", "--reverse")).stdout)).toEqual(
      Array.from({ length: last - 1 }, (_, index) => last - index),
    );
    expect(seqs((await fleet.run("events", "--json", "--since", "#2", "--until", "#4")).stdout)).toEqual([
      2, 3, 4,
    ]);
  });

  test("types, families, sources and times select", async () => {
    const types = async (...argv: string[]) =>
      new Set(
        lines((await fleet.run("events", "--json", ...argv)).stdout).map((line) => JSON.parse(line).type),
      );
    expect(await types("--type", "heartbeat.received")).toEqual(new Set(["heartbeat.received"]));
    expect([...(await types("--type", "tmux."))].every((type) => type.startsWith("tmux."))).toBe(true);
    expect(await types("--source", "process")).toEqual(new Set(["process.changed"]));
    expect((await types("--since", "1h")).size).toBeGreaterThan(4);
    const early = await fleet.run("events", "--until", "30d");
    expect(early.exit).toBe(2);
    expect(early.stderr).toContain("the log begins at");
  });

  test.each([
    [["messages", "--since", "2099-01-01"], "lies in the future"],
    [["events", "--since", "2099-01-01"], "lies in the future"],
    [["export", "--since", "2099-01-01"], "lies in the future"],
    [["messages", "--at", "2020-01-01"], "the log begins at"],
    [["events", "--at", "2020-01-01"], "the log begins at"],
    [["messages", "--since", "#1", "--at", "#999999"], "there is no such event"],
  ])("%j asks about what no log can know, and is refused", async (argv, reason) => {
    const { exit, stdout, stderr } = await fleet.run(...argv);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });

  test("since after --at is a window that ends before it begins", async () => {
    const beat = (await fleet.run("events", "--json", "--type", "heartbeat.", "--agent", "coder0")).stdout;
    const { occurred_at, recorded_at } = JSON.parse(beat) as { occurred_at: string; recorded_at: string };
    for (const verb of ["messages", "events"]) {
      const { exit, stderr } = await fleet.run(verb, "--since", recorded_at, "--at", occurred_at);
      expect(exit).toBe(2);
      expect(stderr).toContain("is not before --at");
    }
  });

  test("a type that is none says so: a family without its dot, and a word that is nothing", async () => {
    const said = async (type: string) => (await fleet.run("events", "--type", type)).stderr;
    expect(await said("tmux")).toBe(
      'No event matches.\n  "tmux" is no type that this fleet knows; a family ends with a dot: --type tmux.\n',
    );
    expect(await said("bogus")).toMatch(
      /^No event matches\.\n {2}"bogus" is no type .*; there are .*heartbeat\./,
    );
    expect(await said("heartbeat.file.removed")).toBe("No event matches.\n");
  });

  test("--at lists what had happened by then, and relative times count from it", async () => {
    const at = async (...argv: string[]) =>
      seqs((await fleet.run("events", "--json", "--limit", "1000", ...argv)).stdout);
    const third = fleet.log.lastSeq() - 2;
    expect(await at("--at", `#${third}`)).toEqual(Array.from({ length: third }, (_, index) => index + 1));
    const beat = (await fleet.run("events", "--json", "--type", "heartbeat.", "--agent", "coder0")).stdout;
    const { occurred_at } = JSON.parse(beat) as { occurred_at: string };
    const near = await fleet.run("events", "--json", "--at", occurred_at, "--since", "0s");
    expect(lines(near.stdout).map((line) => JSON.parse(line).agent)).toEqual(["coder0"]);
    expect((await fleet.run("events", "--at", occurred_at, "--until", "1d")).exit).toBe(2);
    // Of two ends the earlier one holds, whichever option names it.
    const ends = [third, third - 1].map((seq) => `#${seq}`);
    for (const [until, end] of [ends, ends.toReversed()] as [string, string][])
      expect(await at("--until", until, "--at", end)).toEqual(
        Array.from({ length: third - 1 }, (_, index) => index + 1),
      );
  });

  test("of a class, a runtime, a host", async () => {
    const agents = async (...argv: string[]) =>
      new Set(
        lines((await fleet.run("events", "--json", ...argv)).stdout).map((line) => JSON.parse(line).agent),
      );
    expect(await agents("--class", "reviewer")).toEqual(new Set(["reviewer"]));
    expect(await agents("--runtime", "pi", "--class", "implementer")).toEqual(
      new Set(["coder0", "canary-pi"]),
    );
    expect(await agents("--class", "reviewer", "--host", "W-jarvis")).toEqual(new Set(["reviewer"]));
    expect((await fleet.run("events", "--class", "none")).stderr).toBe(
      'No event matches.\n  no agent was ever of class "none"; there were: implementer, reviewer\n',
    );
  });

  test("a rename that took an agent's session away is in the story of both names, once and in its place", async () => {
    fleet.look(
      tmuxLook(clock.nowUs(), [paneSeen("moved", 1), paneSeen("canary-pi", 2), paneSeen("stray", 3)]),
    );
    fleet.look(beatLook(clock.nowUs(), "coder0", clock.nowUs()));
    const renames = async (...argv: string[]) =>
      lines((await fleet.run("events", "--json", ...argv)).stdout)
        .map((line) => JSON.parse(line) as { seq: number; type: string })
        .filter(({ type }) => type === "tmux.session.renamed")
        .map(({ seq }) => seq);
    const [seq = 0] = await renames();
    expect(await renames("--agent", "coder0")).toEqual([seq]);
    expect(await renames("--agent", "moved")).toEqual([seq]);
    expect(await renames("--agent", "canary-pi")).toEqual([]);
    expect(await renames("--agent", "coder0", "--type", "tmux.")).toEqual([seq]);
    expect(await renames("--agent", "coder0", "--after", String(seq - 1), "-n", "1")).toEqual([seq]);
    expect(
      (await fleet.run("events", "--agent", "coder0", "--type", "heartbeat.received")).stdout,
    ).not.toContain("renamed");
    const story = seqs((await fleet.run("events", "--json", "--agent", "coder0")).stdout);
    expect(story).toEqual([...story].sort((a, b) => a - b));
    const backwards = seqs((await fleet.run("events", "--json", "--agent", "coder0", "--reverse")).stdout);
    expect(backwards).toEqual([...story].reverse());
  });

  test("an agent that never was ends with 3; one without such events does not", async () => {
    expect((await fleet.run("events", "--agent", "nobody")).exit).toBe(3);
    expect(await fleet.run("events", "--agent", "coder0", "--type", "roster.file.")).toEqual({
      exit: 0,
      stdout: "",
      stderr: "No event matches.\n",
    });
  });

  test("what cannot be understood is refused", async () => {
    for (const argv of [
      ["--since", "soon"],
      ["--after", "x"],
      ["--source", "nowhere"],
      ["--follow", "--reverse"],
      ["--follow", "--at", "1m"],
      ["--since", "2h", "--until", "3h"],
      ["--since", "#4", "--until", "#3"],
      ["--at", "2100-01-01"],
      ["--host", "elsewhere"],
    ]) {
      expect((await fleet.run("events", ...argv)).exit).toBe(2);
    }
  });

  test("an event with a hostile payload stays on its line", async () => {
    const name = "x\u001b[2J\ny";
    fleet.look(tmuxLook(clock.nowUs(), [paneSeen(name, 9)]));
    const { stdout } = await fleet.run("events", "--limit", "6");
    expect(lines(stdout)).toHaveLength(6);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is control characters that must not be there.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe("rebuild", () => {
  test("folds the log anew, and ps says the same afterwards", async () => {
    fleet.record();
    const rows = async () =>
      (await ps()).agents.map((row) => ({ ...row, idle: null, heartbeat: row.heartbeat.at }));
    const before = await rows();
    const { exit, stdout } = await fleet.run("rebuild");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^Rebuilt everything that is read from \d+ events in /);
    expect(await rows()).toEqual(before);
    const json = JSON.parse((await fleet.run("rebuild", "--json")).stdout);
    expect(json).toMatchObject({
      schema: "fleet.rebuild.v1",
      tenant_id: "jarvis",
      events: fleet.log.lastSeq(),
    });
  });
});

describe("completion", () => {
  test("offers rostered names and live sessions", async () => {
    fleet.look(tmuxLook(clock.nowUs(), [paneSeen("stray", 3), paneSeen("$(reboot)", 4)]));
    expect((await fleet.run("completion", "--agents")).stdout).toBe("canary-pi\ncoder0\nreviewer\nstray\n");
  });

  test("wants to know the shell", async () => {
    expect((await fleet.run("completion")).exit).toBe(2);
    expect((await fleet.run("completion", "tcsh")).stderr).toContain('there is no completion for "tcsh"');
  });
});

describe("a state directory or a log that cannot be used", () => {
  const say = async () => {
    const { exit, stderr } = await fleet.run("ps", "--no-collect");
    expect(exit).toBe(1);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    return stderr;
  };

  test("writable by others", async () => {
    chmodSync(join(fleet.home, "state"), 0o777);
    expect(await say()).toContain("can be written by others (mode 0777)");
  });

  test("relative", async () => {
    fleet.environment.FLEET_STATE = "here";
    expect(await say()).toContain('FLEET_STATE is "here", which is not an absolute path');
  });

  test("damaged", async () => {
    fleet.log.close();
    const path = join(fleet.home, "state", "fleet.db");
    expect(statSync(path).size).toBeGreaterThan(0);
    rmSync(`${path}-wal`, { force: true });
    rmSync(`${path}-shm`, { force: true });
    writeFileSync(path, "this is no database ".repeat(1000));
    expect(await say()).toContain("the log is damaged");
  });

  test("damaged in what is folded from it", async () => {
    fleet.log.close();
    const database = new Database(join(fleet.home, "state", "fleet.db"));
    database.exec("UPDATE told SET value = '{' || value");
    database.close();
    const { exit, stderr } = await fleet.run("history", "--since", "1h");
    expect(exit).toBe(1);
    expect(stderr).toContain("what is folded from the events is damaged");
    expect(stderr).toContain("Run `fleet rebuild`");
    expect((await fleet.run("rebuild")).exit).toBe(0);
    expect((await fleet.run("history", "--since", "1h")).exit).toBe(0);
  });
});

test("a beat that stops makes its agent stale after three intervals", async () => {
  fleet.record();
  fleet.look(beatLook(clock.nowUs(), "coder0", clock.nowUs() - 46e6));
  // The newest beat counts: an older one that arrives late changes nothing.
  expect((await ps("coder0")).agents[0]?.status).toBe("healthy");
});
