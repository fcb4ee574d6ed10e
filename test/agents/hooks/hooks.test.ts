import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyChanges, readText } from "../../../agents/hooks/apply.ts";
import { hookCommand } from "../../../agents/hooks/claude-settings.ts";
import { planInstall, planRemove, stateOf } from "../../../agents/hooks/plan.ts";
import { type Around, HOOKED_RUNTIMES, installationOf } from "../../../agents/hooks/runtimes.ts";

let home: string;
let around: Around;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet hooks'-"));
  around = { home, fleetHome: join(home, ".config/mosaic/fleet"), variables: {} };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

type Runtime = (typeof HOOKED_RUNTIMES)[number];
const install = (runtime: Runtime): void => applyChanges(planInstall(runtime, around, readText));
const remove = (runtime: Runtime): void =>
  applyChanges(
    planRemove(
      runtime,
      around,
      readText,
      HOOKED_RUNTIMES.filter((one) => one !== runtime),
    ),
  );
const state = (runtime: Runtime): string => stateOf(runtime, around, readText).state;
/** What Codex 0.169 writes into its configuration when somebody trusts the hooks in its dialog. */
function trustCodex(indexOfStop = 0): void {
  const events = [
    "pre_tool_use",
    "permission_request",
    "post_tool_use",
    "session_start",
    "user_prompt_submit",
    "stop",
  ];
  const sections = events.map((event) => {
    const key = `${pathOf("codex")}:${event}:${event === "stop" ? indexOfStop : 0}:0`;
    return `[hooks.state."${key}"]\ntrusted_hash = "sha256:b796297dd9036692"\n`;
  });
  put(
    join(dirname(pathOf("codex")), "config.toml"),
    `model = "x"\n\n[hooks.state]\n\n${sections.join("\n")}`,
  );
}
const pathOf = (runtime: Runtime): string => installationOf(runtime, around).path;
const files = (directory = home): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((item) => !item.isDirectory())
    .map((item) => join(item.parentPath, item.name).slice(home.length + 1))
    .sort();
function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o640 });
}

const SETTINGS = `{
    // my own
    "model": "opus",
    "hooks": {
        "Stop": [
            { "hooks": [{ "type": "command", "command": "notify-send done" }] } // keep
        ]
    },
    "statusLine": { "type": "command", "command": "echo \\"it's $USER\\"", "padding": 0, "refreshInterval": 30 }
}
`;

describe.each(HOOKED_RUNTIMES)("%s", (runtime) => {
  test("installing twice is installing once, and removing leaves nothing behind", () => {
    expect(state(runtime)).toBe("absent");
    install(runtime);
    expect(state(runtime)).toBe(runtime === "codex" ? "untrusted" : "installed");
    expect(planInstall(runtime, around, readText)).toEqual([]);
    for (const file of files()) expect(statSync(join(home, file)).mode & 0o077).toBe(0);
    remove(runtime);
    expect(files()).toEqual([]);
    expect(planRemove(runtime, around, readText, [])).toEqual([]);
  });

  test("another version of ours is told, and replaced", () => {
    if (runtime === "codex") trustCodex();
    install(runtime);
    const own = runtime === "opencode" || runtime === "pi";
    const old = own ? pathOf(runtime) : join(around.fleetHome, "adapters", "hook.sh");
    writeFileSync(old, "# of another version\n");
    expect(state(runtime)).toBe("outdated");
    install(runtime);
    expect(state(runtime)).toBe("installed");
  });
});

test("a user's settings stay as they are: hooks beside theirs, their status line chained, comments kept", () => {
  put(pathOf("claude"), SETTINGS);
  install("claude");
  const text = readFileSync(pathOf("claude"), "utf8");
  expect(text).toContain("// my own");
  expect(text).toContain("// keep");
  const settings = JSON.parse(text.replace(/^\s*\/\/.*$|\/\/ keep/gm, ""));
  expect(settings.hooks.Stop).toHaveLength(2);
  expect(settings.hooks.Stop[0].hooks[0].command).toBe("notify-send done");
  expect(settings.hooks.UserPromptSubmit).toHaveLength(1);
  const script = join(around.fleetHome, "adapters", "hook.sh");
  expect(settings.statusLine).toEqual({
    type: "command",
    command: `${hookCommand(script, "claude", "statusline")} 'echo "it'\\''s $USER"'`,
    padding: 0,
    refreshInterval: 1,
  });
  expect(statSync(pathOf("claude")).mode & 0o777).toBe(0o640);
  expect(readFileSync(`${pathOf("claude")}.before-fleet`, "utf8")).toBe(SETTINGS);
  expect(statSync(`${pathOf("claude")}.before-fleet`).mode & 0o777).toBe(0o600);
});

test("a file that nobody has changed since is byte for byte what it was before", () => {
  put(pathOf("claude"), SETTINGS);
  install("claude");
  remove("claude");
  expect(readFileSync(pathOf("claude"), "utf8")).toBe(SETTINGS);
  expect(files()).toEqual([".claude/settings.json"]);
});

test("from a file that was changed since, only ours is taken out", () => {
  put(pathOf("claude"), SETTINGS);
  install("claude");
  const edited = readFileSync(pathOf("claude"), "utf8").replace('"opus"', '"sonnet"');
  writeFileSync(pathOf("claude"), edited);
  remove("claude");
  const text = readFileSync(pathOf("claude"), "utf8");
  const settings = JSON.parse(text.replace(/^\s*\/\/.*$|\/\/ keep/gm, ""));
  expect(settings).toEqual({
    model: "sonnet",
    hooks: { Stop: [{ hooks: [{ type: "command", command: "notify-send done" }] }] },
    statusLine: { type: "command", command: `echo "it's $USER"`, padding: 0, refreshInterval: 30 },
  });
  expect(text).not.toContain("adapters");
});

test("entries that the user adds later do not make ours an older version", () => {
  install("claude");
  const settings = JSON.parse(readFileSync(pathOf("claude"), "utf8"));
  settings.hooks.Stop.push({ hooks: [{ type: "command", command: "mine" }] });
  settings.permissions = { allow: ["Bash(ls)"] };
  writeFileSync(pathOf("claude"), JSON.stringify(settings, null, 2));
  expect(state("claude")).toBe("installed");
  expect(planInstall("claude", around, readText)).toEqual([]);
});

test("what somebody took out is told as `partly`, and put back by installing again, once", () => {
  install("codex");
  const hooks = JSON.parse(readFileSync(pathOf("codex"), "utf8"));
  delete hooks.hooks.Stop;
  writeFileSync(pathOf("codex"), JSON.stringify(hooks));
  expect(state("codex")).toBe("partly");
  install("codex");
  expect(state("codex")).toBe("untrusted");
  const again = JSON.parse(readFileSync(pathOf("codex"), "utf8"));
  for (const entries of Object.values(again.hooks)) expect(entries).toHaveLength(1);
});

test("Codex's hooks are in force only when it was told to trust them where they stand", () => {
  put(pathOf("codex"), '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}\n');
  install("codex");
  expect(state("codex")).toBe("untrusted");
  trustCodex();
  expect(state("codex")).toBe("untrusted");
  trustCodex(1);
  expect(state("codex")).toBe("installed");
});

test("the definitions of Codex's hooks never change: it would ask to trust them again", () => {
  expect(hookCommand("/home/x/.config/mosaic/fleet/adapters/hook.sh", "codex", "Stop")).toBe(
    "[ ! -r /home/x/.config/mosaic/fleet/adapters/hook.sh ] || exec sh /home/x/.config/mosaic/fleet/adapters/hook.sh codex Stop",
  );
});

test("scripts stay for as long as another runtime uses them", () => {
  install("claude");
  install("codex");
  remove("claude");
  expect(state("codex")).toBe("untrusted");
  remove("codex");
  expect(files()).toEqual([]);
});

test("a linked file is written where the link points to, and stays a link", () => {
  put(join(home, "dotfiles", "settings.json"), "{}\n");
  mkdirSync(join(home, ".claude"));
  symlinkSync(join(home, "dotfiles", "settings.json"), pathOf("claude"));
  install("claude");
  expect(readFileSync(join(home, "dotfiles", "settings.json"), "utf8")).toContain("statusLine");
  remove("claude");
  expect(readFileSync(join(home, "dotfiles", "settings.json"), "utf8")).toBe("{}\n");
});

test("a file that is no JSON is refused with its line, and nothing is written", () => {
  put(pathOf("claude"), '{\n  "hooks": {\n');
  expect(() => install("claude")).toThrow(/settings\.json is no JSON: line 3/);
  expect(files()).toEqual([".claude/settings.json"]);
});

test("a file that changes between the plan and the act is not overwritten", () => {
  const changes = planInstall("codex", around, readText);
  put(pathOf("codex"), '{"mine": true}\n');
  expect(() => applyChanges(changes)).toThrow("was changed meanwhile");
  expect(readFileSync(pathOf("codex"), "utf8")).toBe('{"mine": true}\n');
});

test("each runtime's own variable says where its configuration is", () => {
  const variables = {
    CLAUDE_CONFIG_DIR: "/c",
    CODEX_HOME: "/x",
    XDG_CONFIG_HOME: "/g",
    PI_CODING_AGENT_DIR: "/p",
  };
  const paths = HOOKED_RUNTIMES.map((runtime) => installationOf(runtime, { ...around, variables }).path);
  expect(paths).toEqual([
    "/c/settings.json",
    "/x/hooks.json",
    "/g/opencode/plugins/fleet-heartbeat.js",
    "/p/extensions/fleet-heartbeat.js",
  ]);
});

describe("the plugin for OpenCode's screen", () => {
  let screen: string;
  let script: string;
  beforeEach(() => {
    screen = join(home, ".config/opencode/tui.jsonc");
    script = join(around.fleetHome, "adapters/opencode-shown.js");
  });

  test("stands among the user's own, which stay as they are, and goes again", () => {
    const own = '{\n  // mine\n  "theme": "nord",\n  "plugin": ["./my-clock.ts"]\n}\n';
    put(screen, own);
    install("opencode");
    expect(readFileSync(screen, "utf8")).toContain("// mine");
    expect(readFileSync(screen, "utf8")).toContain(`"plugin": ["./my-clock.ts", ${JSON.stringify(script)}]`);
    expect(readFileSync(`${screen}.before-fleet`, "utf8")).toBe(own);
    remove("opencode");
    expect(readFileSync(screen, "utf8")).toBe(own);
    expect(files().filter((file) => file.includes("fleet"))).toEqual([]);
  });

  test("is taken out of what the user has changed since, list and all where that was made for it", () => {
    put(screen, '{ "theme": "nord" }\n');
    install("opencode");
    writeFileSync(screen, readFileSync(screen, "utf8").replace("nord", "gruvbox"));
    remove("opencode");
    expect(JSON.parse(readFileSync(screen, "utf8"))).toEqual({ theme: "gruvbox" });
  });

  test("is missed where somebody has taken it out, and put back", () => {
    install("opencode");
    writeFileSync(screen, "{}\n");
    expect(state("opencode")).toBe("partly");
    install("opencode");
    expect(state("opencode")).toBe("installed");
  });

  test("leaves tui.json to OpenCode, which moves older settings there only where there is none", () => {
    install("opencode");
    expect(files().some((file) => file.endsWith("opencode/tui.json"))).toBe(false);
  });

  test("is not put into a file that is no JSON", () => {
    put(screen, "plugin = mine\n");
    expect(() => install("opencode")).toThrow("is no JSON");
  });
});
