import { describe, expect, test } from "vitest";
import { ansi, plain } from "../../../cli/render/colour.ts";
import { formatPs } from "../../../cli/render/ps-table.ts";
import { widthOf } from "../../../cli/render/text.ts";
import type { AgentRow, PsDocument } from "../../../query/row.ts";
import { agentRow, ago, holderRow, psDocumentOf } from "../support/rows.ts";

const everyStatus: AgentRow[] = [
  agentRow("orchestrator", {
    status: "waiting",
    runtime: "claude",
    since: ago(192),
    flags: ["boot"],
    pane: { id: "%1", pid: 4702 },
    drift: { expected: "claude", actual: "claude" },
    boot: { state: "yes", reasons: ["unit-disabled", "linger-off"] },
  }),
  agentRow("canary-pi", {
    flags: ["drift", "boot"],
    pane: { id: "%2", pid: 4703 },
    drift: { state: "yes", actual: "dogfood-agent.py" },
    boot: { state: "yes", reasons: ["unit-disabled"] },
  }),
  agentRow("coder0", { status: "busy", since: ago(45), flags: ["sidecar"], pane: { id: "%3", pid: 4704 } }),
  agentRow("coder1", {
    status: "failed",
    status_reason: "signal 9",
    since: ago(65),
    pane: { state: "dead", id: "%4", pid: 4705, signal: 9, command: null },
    idle: { seconds: null },
    heartbeat: { health: "stale", reason: "pid-gone", age_seconds: 66 },
    drift: { state: "unknown", actual: null },
  }),
  agentRow("reviewer", {
    status: "dead",
    status_reason: "pane missing",
    since: ago(400_000),
    pane: { state: "missing", id: null, pid: null, command: null },
    idle: { seconds: null },
    heartbeat: { health: "stale", reason: "pid-gone", age_seconds: 400_010 },
    drift: { state: "unknown", actual: null },
  }),
  agentRow("tester", {
    status: "stale",
    status_reason: "no beat",
    since: ago(3),
    flags: ["unit-failed"],
    systemd: { active: "failed", sub: "failed" },
    pane: { id: "%6", pid: 4707 },
    heartbeat: { health: "stale", age_seconds: 48 },
  }),
  agentRow("scout", {
    status: "silent",
    status_reason: "never beat",
    pane: { id: "%7", pid: 4708 },
    heartbeat: { health: "unknown", reason: "no-file", age_seconds: null, at: null, status: null },
  }),
  agentRow("new", {
    status: "starting",
    since: ago(2),
    pane: { id: "%8", pid: 4709 },
    heartbeat: { health: "unknown", reason: "no-file", age_seconds: null, at: null, status: null },
  }),
  agentRow("someday", {
    status: "absent",
    status_reason: "never-ran",
    since: null,
    systemd: { active: "inactive", sub: "dead" },
    pane: { state: "missing", id: null, pid: null, command: null },
    idle: { seconds: null },
    heartbeat: { health: "unknown", reason: "no-file", age_seconds: null, at: null, status: null },
    drift: { state: "unknown", actual: null },
  }),
  agentRow("retired", {
    status: "stopped",
    status_reason: "stopped by systemd",
    systemd: { active: "inactive", sub: "dead" },
    pane: { state: "missing", id: null, pid: null, command: null },
    idle: { seconds: null },
    heartbeat: { health: "stale", reason: "pid-gone", age_seconds: 7600 },
    drift: { state: "unknown", actual: null },
  }),
  agentRow("worker", {
    status: "finished",
    pane: { state: "dead", id: "%11", pid: 4712, exit_status: 0, command: null },
    idle: { seconds: null },
    heartbeat: { health: "stale", reason: "pid-gone", age_seconds: 90 },
    drift: { state: "unknown", actual: null },
  }),
  agentRow("far", {
    status: "unobserved",
    status_reason: "unwatched",
    since: null,
    unknown: ["systemd", "pane", "heartbeat", "drift", "boot"],
    systemd: { active: "unknown", sub: null, enabled: "unknown", observed_at: ago(95) },
    pane: { state: "unknown", id: null, pid: null, command: null, observed_at: ago(95) },
    idle: { seconds: null, observed_at: null },
    heartbeat: { health: "unknown", reason: "unwatched", age_seconds: 99 },
    drift: { state: "unknown", actual: null },
    boot: { state: "unknown" },
  }),
  holderRow(),
];

const states: Record<string, PsDocument> = {
  "every-status": psDocumentOf(everyStatus),
  "one-shot": psDocumentOf([agentRow("coder0"), holderRow()], {
    observer: {
      state: "one-shot",
      since: ago(0.1),
      sources: {
        tmux: {
          state: "unavailable",
          observed_at: ago(0.1),
          reason: "no answer within 2 s",
          scopes: {
            "/tmp/tmux-1000/mosaic-factory": { state: "fresh", observed_at: ago(0.1), reason: null },
            "/tmp/tmux-1000/other": {
              state: "unavailable",
              observed_at: ago(130),
              reason: "no answer within 2 s",
            },
          },
        },
        journal: { state: "unavailable", observed_at: null, reason: "journalctl is not installed" },
        systemd: { state: "fresh", observed_at: ago(0.1), reason: null },
      },
    },
    roster: {
      state: "rejected",
      path: "/home/jarvis/.config/mosaic/fleet/roster.yaml",
      problem: 'line 12: "coder 0": expected a name of letters, digits, _ and -',
    },
  }),
  "no-collect": psDocumentOf([agentRow("coder0", { since: ago(40) })], {
    observer: {
      state: "absent",
      since: null,
      sources: { tmux: { state: "absent", observed_at: ago(9000), reason: "nobody is watching" } },
    },
  }),
  empty: psDocumentOf([], {
    roster: { state: "missing", path: "/home/jarvis/.config/mosaic/fleet/roster.yaml", problem: null },
  }),
  "hostile-names": psDocumentOf([
    agentRow("\u001b[31mred\u001b]0;title\u0007", { pane: { socket: "/tmp/tmux-1000/a\nb" } }),
    agentRow("エージェント", { runtime: "日本", drift: { expected: "日本", actual: "日本" } }),
    agentRow("\u202eevil\u2066", { status_reason: "a\r\nb" }),
    agentRow("x".repeat(1024), { drift: { state: "yes", actual: "$(rm -rf ~)#{q:x}" } }),
    agentRow("🚀"),
  ]),
};

const lines = (document: PsDocument, width: number | null) =>
  `${formatPs(document, { width, paint: plain }).join("\n")}\n`;

describe.each(Object.keys(states))("%s", (name) => {
  const document = states[name] as PsDocument;

  test.each([null, 160, 120, 100, 80, 60, 40])("at width %s", async (width) => {
    await expect(lines(document, width)).toMatchFileSnapshot(`../golden/ps-${name}-${width ?? "any"}.txt`);
  });

  test.each([160, 120, 100, 80, 60, 40, 30])("no line of the table is wider than %s", (width) => {
    for (const line of formatPs(document, { width, paint: plain })) {
      // A single long word of a remark (a path) is left whole, so that it can be copied.
      if (line.includes(" ")) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  test("in colour it says the same", () => {
    const coloured = formatPs(document, { width: 120, paint: ansi }).join("\n");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the escape character that is looked for.
    const bare = coloured.replace(/\u001b\[[0-9;]*m/g, "");
    const trim = (text: string) => text.replace(/ +$/gm, "").trim();
    expect(trim(bare)).toBe(trim(lines(document, 120)));
  });
});

test("every bad row has a mark that needs no colour", () => {
  const marks = formatPs(psDocumentOf(everyStatus), { width: null, paint: plain })
    .slice(1, everyStatus.length + 1)
    .map((line) => line[0]);
  expect(marks.join("")).toBe("*  !!!! !  ? ");
});

test("sockets are told apart where there is more than one", () => {
  const rows = [agentRow("a"), agentRow("b", { pane: { socket: "/tmp/tmux-1000/other" } })];
  const table = lines(psDocumentOf(rows), null);
  expect(table).toMatch(/SOCKET/);
  expect(table).toMatch(/mosaic-factory/);
  expect(table).toMatch(/other/);
  expect(lines(psDocumentOf([agentRow("a")]), null)).not.toMatch(/SOCKET/);
});

test("a source that fails as a whole says so beside the way it was reached", () => {
  const scopes = { "user-bus": { state: "unavailable", observed_at: null, reason: "no bus" } } as const;
  const source = { state: "unavailable", observed_at: null, reason: "no user manager", scopes } as const;
  const observer = { state: "recording", since: ago(5), sources: { systemd: source } } as const;
  const table = lines(psDocumentOf([agentRow("a")], { observer }), null);
  expect(table).toMatch(/systemd unavailable, no answer yet: no user manager/);
  expect(table).toMatch(/systemd user-bus unavailable, no answer yet: no bus/);
});

test("a source that is watched in one way only is not said to be watched and not watched", () => {
  const scopes = { "user-bus": { state: "fresh", observed_at: ago(0), reason: null } } as const;
  const source = {
    state: "absent",
    observed_at: ago(1.5),
    reason: "nobody was watching",
    scopes,
  } as const;
  const observer = { state: "recording", since: ago(0.2), sources: { systemd: source } } as const;
  const document = psDocumentOf([agentRow("a")], { observer });
  const past = formatPs(document, { width: null, paint: plain, past: true }).join("\n");
  expect(past).toMatch(/Watched then: systemd \(user-bus only\)\.$/m);
  expect(past).toMatch(
    /^systemd not watched but for user-bus, last answer 1\.5 s ago: nobody was watching$/m,
  );
  expect(lines(document, null)).toMatch(/Answers are this old: systemd \(user-bus only\) 1\.5 s\.$/m);
});

test("a roster that has gone leaves the last good one in force, and says so", () => {
  const roster = { state: "missing", path: "/r.yaml", problem: null } as const;
  expect(lines(psDocumentOf([agentRow("a")], { roster }), null)).toMatch(/the last good one is in force/);
});

test("of a session that nobody looked at nobody knows what it runs, whatever a roster expects of it", () => {
  const holder = holderRow();
  const unseen: AgentRow = {
    ...{ ...holder, status: "unobserved" },
    pane: { ...holder.pane, state: "unknown", id: null, pid: null, command: null },
    idle: { ...holder.idle, seconds: null },
    drift: { ...holder.drift, actual: null },
  };
  const [head = "", row = ""] = formatPs(psDocumentOf([unseen]), { width: null, paint: plain });
  const from = head.indexOf("RUNTIME");
  expect(row.slice(from, head.indexOf("IDLE")).trim()).toBe("?");
});

test("a dead pane that only hooks told of has no id, and its cell says how it ended", () => {
  const pane = { state: "dead", id: null, pid: null, exit_status: 12, command: null } as const;
  const document = psDocumentOf([agentRow("coder0", { status: "failed", status_reason: "exit 12", pane })]);
  const [head = "", row = ""] = formatPs(document, { width: null, paint: plain });
  expect(row.slice(head.indexOf("PANE"))).toMatch(/^exit 12 /);
});

test("what was read after a past moment has no age in its table, and nothing is shown to have lasted less than no time", () => {
  const row = agentRow("far", {
    status: "unobserved",
    since: ago(-9),
    pane: { state: "unknown", id: null, pid: null, command: null, observed_at: ago(-9) },
  });
  const [, cells = ""] = formatPs(psDocumentOf([row]), { width: null, paint: plain, past: true });
  expect(cells).toMatch(/^\? far +unobserved +0 s +active \(exited\) +\? {2}/);
});
