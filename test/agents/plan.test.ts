import { describe, expect, test } from "vitest";
import { environmentFileText } from "../../agents/environment-file.ts";
import { agentFiles, planCommands, planFiles } from "../../agents/plan.ts";
import { commandOf, launchProblem } from "../../agents/runtimes.ts";
import { agentSpec, fleetSpec } from "./fleet.ts";

const byName = (spec = fleetSpec()) =>
  new Map(planFiles(spec, "#!/bin/sh\n").map((file) => [file.path.replace(/^.*\//, ""), file]));

describe("the files of a fleet", () => {
  test("the holder alone starts a tmux server, in the foreground and with an environment of its own", () => {
    const files = byName();
    const holder = files.get("mosaic-tmux-holder.service")?.text ?? "";
    expect(holder).toMatch(/^ExecStart=\/usr\/bin\/env -i HOME=%h .* tmux -u -D -L mosaic-factory -f "/m);
    for (const [name, { text }] of files) {
      if (name !== "mosaic-tmux-holder.service")
        expect(text, name).not.toMatch(/\btmux -u -D\b|start-server/);
    }
  });

  test("agents need the holder and come after it; their end is what the unit sees", () => {
    const unit = byName().get("mosaic-agent@.service")?.text ?? "";
    expect(unit).toContain("Requires=mosaic-tmux-holder.service\nAfter=mosaic-tmux-holder.service\n");
    expect(unit).toContain("Type=exec\n");
    expect(unit).toContain("Restart=always\n");
    expect(unit).toContain(
      'ExecStart="/home/alice/.config/mosaic/fleet/lib/launch" run %i $MOSAIC_AGENT_COMMAND\n',
    );
    expect(unit).not.toContain("RemainAfterExit");
  });

  test("an ephemeral worker is not started again, and not at boot", () => {
    const spec = fleetSpec({ agents: [agentSpec("once", { lifecycle: "ephemeral" }), agentSpec("coder0")] });
    const dropIn = planFiles(spec, "").find(({ path }) => path.endsWith("@once.service.d/lifecycle.conf"));
    expect(dropIn?.text).toContain("[Service]\nRestart=no\n");
    const enable = planCommands(spec, { userName: "alice", lingers: true }).find(({ words }) =>
      words.includes("enable"),
    );
    expect(enable?.words).toContain("mosaic-agent@coder0.service");
    expect(enable?.words).not.toContain("mosaic-agent@once.service");
  });

  test("what an agent is told stands in a file that only its owner can read", () => {
    const [file] = agentFiles(
      fleetSpec(),
      agentSpec("coder0", { command: ["pi", "a b", 'c"d', "$e"], intervalSeconds: 2.5 }),
    );
    expect(file?.mode).toBe(0o600);
    expect(file?.text).toContain('MOSAIC_AGENT_NAME="coder0"\nMOSAIC_AGENT_RUNTIME="pi"\n');
    expect(file?.text).toContain('MOSAIC_HEARTBEAT_INTERVAL="2.5"\n');
    // What the roster leaves open the recorder and the agent must read from the same place.
    const [open] = agentFiles(fleetSpec(), agentSpec("coder0", { intervalSeconds: null }));
    expect(open?.text).not.toContain("MOSAIC_HEARTBEAT_INTERVAL");
    expect(file?.text).toContain(String.raw`MOSAIC_AGENT_COMMAND="pi \"a b\" \"c\\\"d\" \"\$e\""`);
  });

  test("the unit of somebody else's making is left to them", () => {
    const spec = fleetSpec({ agents: [agentSpec("coder0", { unit: "coder.service" })] });
    expect(planFiles(spec, "").some(({ path }) => path.includes("coder0"))).toBe(false);
    const words = planCommands(spec, { userName: "alice", lingers: true }).flatMap(({ words }) => words);
    expect(words).not.toContain("coder.service");
  });

  test("paths and values keep their blanks, percents and dollars", () => {
    const spec = fleetSpec({
      fleetHome: "/srv/100% mine/$x",
      surroundings: [["FLEET_HOME", "/srv/100% mine/$x"]],
    });
    const unit = byName(spec).get("mosaic-agent@.service")?.text ?? "";
    expect(unit).toContain('Environment="FLEET_HOME=/srv/100%% mine/$x"\n');
    expect(unit).toContain("EnvironmentFile=/srv/100%% mine/$x/agents/%i.env\n");
    expect(unit).toContain('ExecStart="/srv/100%% mine/$$x/lib/launch" run %i $MOSAIC_AGENT_COMMAND\n');
  });

  test("a name that could be more than a name goes into no file", () => {
    for (const name of ["a b", "a\n[Service]", "#(id)", "-x", "../x", "a;b", ""]) {
      expect(() => planFiles(fleetSpec({ agents: [agentSpec(name)] }), ""), name).toThrow(
        "not an agent's name",
      );
      expect(() => planFiles(fleetSpec({ holderSession: name }), ""), name).toThrow("not an agent's name");
    }
    expect(() => planFiles(fleetSpec({ socketName: "a b" }), "")).toThrow("not a socket's name");
    expect(() => environmentFileText([], [["A", "b\x1b[0m"]])).toThrow("control character");
    expect(() => environmentFileText([], [["A B", "c"]])).toThrow("not the name");
  });
});

test("lingering is asked for where it is off only", () => {
  const words = (lingers: boolean) =>
    planCommands(fleetSpec(), { userName: "alice", lingers }).map(({ words }) => words.join(" "));
  expect(words(false)).toContain("loginctl enable-linger alice");
  expect(words(true).join("\n")).not.toContain("linger");
});

test("a runtime's command is its template, with the model where one is given; any other is a program of its name", () => {
  expect(commandOf("pi", "openai-codex/gpt-5.5:high")).toEqual([
    ...["mosaic", "yolo", "pi", "--model", "openai-codex/gpt-5.5:high"],
  ]);
  expect(commandOf("codex", null)).toEqual(["codex", "--no-daemon"]);
  expect(commandOf("dogfood-agent.py", null)).toEqual(["dogfood-agent.py"]);
  expect(commandOf("constructor", null)).toEqual(["constructor"]);
  expect(launchProblem("codex", ["codex"])).toMatch("lacks --no-daemon");
  expect(launchProblem("codex", ["codex", "--no-daemon"])).toBeNull();
  expect(launchProblem("toString", ["x"])).toBeNull();
});
