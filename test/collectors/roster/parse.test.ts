import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { declarationsOf, socketNamesOf } from "../../../collectors/roster/declarations.ts";
import { MAX_ROSTER_BYTES, parseRoster } from "../../../collectors/roster/parse.ts";

const nowhere = { socketName: null, heartbeatIntervalSeconds: null };
const head = "version: 1\ntransport: tmux\n";
const one = (fields: string) => `${head}agents:\n  - { ${fields} }\n`;

function refusal(text: string) {
  const parsed = parseRoster(text);
  if (parsed.ok) throw new Error("the roster was accepted");
  return parsed;
}
function declared(text: string, environment: Parameters<typeof declarationsOf>[1] = nowhere) {
  const parsed = parseRoster(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return declarationsOf(parsed.roster, environment);
}

describe("a good roster", () => {
  test("the example of the contract declares its agents and the holder, every default resolved", () => {
    const text = `version: 1
transport: tmux
tmux: { socket_name: mosaic-factory, holder_session: _holder }
defaults: { working_directory: ~ }
runtimes: { claude: { reset_command: /clear }, pi: { reset_command: /new } }
agents:
  - { name: orchestrator, runtime: claude, class: orchestrator, persistent_persona: true }
  - { name: coder0, runtime: pi, class: implementer, model_hint: "openai-codex/gpt-5.5:high", reset_between_tasks: true }
`;
    const names = declared(text.replace("working_directory: ~", 'working_directory: "~"'));
    expect(names.map(({ name }) => name)).toEqual(["orchestrator", "coder0", "_holder"]);
    expect(names[1]?.declaration).toEqual({
      role: "agent",
      runtime: "pi",
      class: "implementer",
      unit: "mosaic-agent@coder0.service",
      socketName: "mosaic-factory",
      intervalSeconds: 15,
      heartbeat: "expected",
      lifecycle: "always",
      driftAccept: [],
      persistentPersona: false,
      resetBetweenTasks: true,
      modelHint: "openai-codex/gpt-5.5:high",
    });
    expect(names[2]?.declaration).toMatchObject({
      role: "holder",
      class: "holder",
      heartbeat: "not-expected",
      unit: "mosaic-tmux-holder.service",
    });
    expect(declared(text)).toEqual(names);
  });

  test("the demo's roster is one", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../examples/coding/roster.yaml"), "utf8");
    expect(declared(text)).toHaveLength(5);
  });

  test("the interval is the agent's, else the roster's, else the environment's, else 15 s", () => {
    const interval = (text: string, seconds: number | null) =>
      declared(text, { socketName: null, heartbeatIntervalSeconds: seconds })[0]?.declaration.intervalSeconds;
    const own = one("name: a, runtime: pi, heartbeat: { interval_seconds: 2.5 }");
    expect(interval(`heartbeat: { interval_seconds: 5 }\n${own}`, 7)).toBe(2.5);
    expect(interval(`heartbeat: { interval_seconds: 5 }\n${one("name: a, runtime: pi")}`, 7)).toBe(5);
    expect(interval(one("name: a, runtime: pi"), 7)).toBe(7);
    expect(interval(one("name: a, runtime: pi"), null)).toBe(15);
  });

  test("the environment's socket goes before the roster's, and further sockets are hooked too", () => {
    const parsed = parseRoster(`tmux: { socket_name: a, sockets: [b, a] }\n${one("name: x, runtime: pi")}`);
    if (!parsed.ok) throw new Error(parsed.expected);
    expect(socketNamesOf(parsed.roster, nowhere)).toEqual(["a", "b"]);
    expect(socketNamesOf(parsed.roster, { ...nowhere, socketName: "c" })).toEqual(["c", "b", "a"]);
  });

  test("an agent may be ephemeral, accept other programs, and be expected not to beat", () => {
    const [agent] = declared(
      one("name: a, runtime: pi, lifecycle: ephemeral, heartbeat: not-expected, drift: { accept: [node] }"),
    );
    expect(agent?.declaration).toMatchObject({
      lifecycle: "ephemeral",
      heartbeat: "not-expected",
      driftAccept: ["node"],
    });
  });
});

describe("a bad roster is refused with its line, the value and what was expected", () => {
  test.each([
    [
      "a name twice",
      `${head}agents:\n  - { name: a, runtime: pi }\n  - { name: b, runtime: pi }\n  - { name: a, runtime: pi }\n`,
      6,
      "a",
      /not used already \(line 4\)/,
    ],
    ["an unknown key", one("name: a, runtime: pi, color: red"), 4, "color", /a key that is known/],
    [
      "an unknown key at the top",
      `${head}color: red\nagents: []\n`,
      3,
      "color",
      /a key that is known at the top/,
    ],
    ["tabs", `${head}agents:\n\t- { name: a, runtime: pi }\n`, 4, "- { name: a, runtime: pi }", /YAML/],
    ["a wrong type", one("name: a, runtime: [pi]"), 4, '["pi"]', /string|text/],
    ["a number for a flag", one("name: a, runtime: pi, persistent_persona: 3"), 4, "3", /boolean/],
    ["an unsafe name", one("name: '$(reboot)', runtime: pi"), 4, "$(reboot)", /letters, digits/],
    ["a name that is an option", one("name: -n, runtime: pi"), 4, "-n", /letters, digits/],
    [
      "a name that leaves its directory",
      one("name: ../../etc, runtime: pi"),
      4,
      "../../etc",
      /letters, digits/,
    ],
    ["no runtime", one("name: a"), 4, null, /runtime to be given/],
    ["another version", "version: 2\nagents: []\n", 1, "2", /version 1/],
    ["no version", "agents: []\n", 1, null, /version/],
    ["another transport", "version: 1\ntransport: screen\nagents: []\n", 2, "screen", /tmux/],
    [
      "an interval of nothing",
      one("name: a, runtime: pi, heartbeat: { interval_seconds: 0 }"),
      4,
      "0",
      /above 0/,
    ],
    [
      "a socket that is a path",
      `tmux: { socket_name: ../x }\n${one("name: a, runtime: pi")}`,
      1,
      "../x",
      /socket name/,
    ],
    ["a unit that is none", one("name: a, runtime: pi, unit: 'a b; reboot'"), 4, "a b; reboot", /unit name/],
    [
      "a unit of two",
      `${head}agents:\n  - { name: a, runtime: pi, unit: u.service }\n  - { name: b, runtime: pi, unit: u.service }\n`,
      5,
      "u.service",
      /of its own/,
    ],
    ["an agent named as the holder", one("name: _holder, runtime: pi"), 4, "_holder", /holder/],
    ["a key twice", `${head}agents: []\nagents: []\n`, 4, "agents", /YAML: a key that is not given already/],
    ["a key twice in an agent", one("name: a, runtime: pi, name: b"), 4, "name", /not given already/],
    ["a second document", `${head}agents: []\n---\nversion: 1\n`, 4, "---", /one document/],
    [
      "what a terminal would act on",
      one('name: a, runtime: "p\\e[2Ji"'),
      4,
      "p\\x1b[2Ji",
      /control characters/,
    ],
    ["a relative directory", one("name: a, runtime: pi, working_directory: src"), 4, "src", /absolute path/],
    ["a number for a name", one("name: 7, runtime: pi"), 4, "7", /text, in quotes/],
    ["a list for a mapping", "- version: 1\n", 1, null, /object|mapping/],
    ["nothing", "", 1, null, /version: 1/],
    ["bytes that are no text", `${head}agents: [\0]\n`, 3, null, /UTF-8/],
    ["half a file", `${head}agents:\n  - { name: a, runti`, 4, null, /YAML/],
    ["a list that is left open", `${head}agents: [\n\n`, 5, null, /YAML/],
    ["a custom tag", `${head}agents: !!js/function 'x'\n`, 3, null, /YAML/],
  ])("%s", (_, text, line, value, expected) => {
    const refused = refusal(text);
    expect(refused.line).toBe(line);
    if (value !== null) expect(refused.value).toBe(value);
    // Nothing at a place is no value of it: `line 2: : expected ...` would be said.
    expect(refused.value).not.toBe("");
    expect(refused.expected).toMatch(expected);
  });

  test("aliases that grow without measure are refused", () => {
    const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let n = 1; n < 9; n++)
      bomb.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(", ")}]`,
      );
    expect(refusal(bomb.join("\n")).expected).toMatch(/YAML/);
  });

  test("a file of more than a megabyte is refused unread", () => {
    expect(refusal(`#${"x".repeat(MAX_ROSTER_BYTES)}`).expected).toMatch(/bytes/);
  });

  test("nesting without end is refused, and not with the fall of the recorder", () => {
    for (const open of ["[", "- ", "{ a: "]) {
      expect(refusal(`version: 1\nagents:\n${open.repeat(50_000)}`).expected).toMatch(/YAML/);
    }
  });

  test("a megabyte of keys is judged while a recorder's lease lasts", () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join("\n");
    const begunAt = performance.now();
    expect(refusal(`${head}agents: []\n${keys}\n`)).toMatchObject({ line: 4, value: "k0" });
    // yaml's own search for duplicate keys took 160 s; a lease lasts 5.
    expect(performance.now() - begunAt).toBeLessThan(20_000);
  });

  test("no more than 80 characters of a value are told", () => {
    expect(refusal(one(`name: a, runtime: pi, lifecycle: ${"x".repeat(500)}`)).value).toHaveLength(80);
  });
});
