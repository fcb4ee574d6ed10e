import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sql } from "../../cli/declarations/sql.ts";
import { perform } from "../../cli/perform.ts";
import { listViews, VIEWS } from "../../cli/sql/views.ts";
import { catchOutput } from "./support/output.ts";
import { clock, type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

let fleet: SeededFleet;
beforeEach(() => {
  fleet = seedFleet();
});
afterEach(() => fleet.close());

/** In this very process, as the one that `fleet sql` starts does it: fast, for everything that ends. */
const ask = (query: string, ...argv: string[]) => fleet.run("sql", "--in-this-process", ...argv, query);

async function rows(query: string): Promise<Record<string, unknown>[]> {
  const { exit, stdout, stderr } = await ask(query, "--json");
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  return (JSON.parse(stdout) as { rows: Record<string, unknown>[] }).rows;
}

describe("the views", () => {
  const documented = readFileSync(join(import.meta.dirname, "../../docs/sql.md"), "utf8");

  test.each(Object.entries(VIEWS))(
    "%s has the columns that docs/sql.md explains, in their order",
    async (view, columns) => {
      const { stdout } = await ask(`SELECT * FROM ${view} LIMIT 0`, "--csv");
      expect(stdout.trimEnd().split(",")).toEqual(columns);
      const section = documented.split(`\n## ${view}\n`)[1]?.split("\n## ")[0] ?? "";
      expect([...section.matchAll(/^\| `(\w+)` \| \S/gm)].map(([, name]) => name)).toEqual(columns);
    },
  );

  test("agents is the table of ps", async () => {
    const { stdout } = await fleet.run("ps", "--all", "--no-collect", "--json");
    const shown = JSON.parse(stdout) as { agents: { name: string; status: string; class: string }[] };
    expect(await rows("SELECT name, class, status FROM agents")).toEqual(
      shown.agents.map(({ name, class: its, status }) => ({ name, class: its, status })),
    );
  });

  test("events is the log", async () => {
    const { stdout } = await fleet.run("events", "--limit", "100000", "--json");
    const listed = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const asked = await rows("SELECT * FROM events ORDER BY seq");
    expect(asked).toHaveLength(listed.length);
    for (const [i, event] of listed.entries()) {
      const row = asked[i] as Record<string, string>;
      const { schema, occurred_at, recorded_at, payload, ...same } = event;
      expect(row).toMatchObject(same);
      expect(JSON.parse(row.payload ?? "")).toEqual(payload);
      expect(Date.parse(row.occurred_at ?? "")).toBe(Date.parse(occurred_at as string));
      expect(Number(row.recorded_us)).toBe(
        Math.round(Date.parse(recorded_at as string)) * 1000 + (Number(row.recorded_us) % 1000),
      );
    }
    const [{ n = 0 } = {}] = await rows(
      "SELECT count(*) AS n FROM events WHERE agent = 'coder0' AND payload ->> 'status' = 'ok'",
    );
    expect(n).toBe(1);
  });

  test("intervals is what history tells, without a hole", async () => {
    const { stdout } = await fleet.run("history", "--since", "2000-01-01", "--csv");
    const told = stdout.trimEnd().split("\r\n").slice(1);
    const all = await rows("SELECT * FROM intervals WHERE agent IN ('coder0', 'canary-pi', 'reviewer')");
    expect(all.length).toBeGreaterThanOrEqual(3);
    for (const agent of ["coder0", "canary-pi", "reviewer"]) {
      const own = all.filter((row) => row.agent === agent);
      for (const [i, row] of own.entries()) if (i > 0) expect(row.from_us).toBe(own[i - 1]?.to_us);
      expect(own.at(-1)?.to_at).toBeNull();
      const last = told.filter((line) => line.split(",")[2] === agent).at(-1);
      expect(last).toContain(`,${own.at(-1)?.status},`);
    }
  });

  test("messages is the ledger", async () => {
    const at = { agent: "coder0", source: "operator", occurredAtUs: clock.nowUs(), precision: "us" } as const;
    const requested = {
      message: "m1",
      digest: "0".repeat(64),
      bytes: 5,
      lines: 1,
      text: null,
      user: "alice",
      pid: 1,
      verify: true,
      until: "accepted",
      traceparent: null,
    } as const;
    fleet.log.append({
      source: "operator",
      events: [
        { ...at, type: "message.requested", payload: requested },
        {
          ...at,
          type: "message.refused",
          payload: { message: "m1", why: "busy", what: null, typed: false, because: "a dialog is open" },
        },
      ],
    });
    const { stdout } = await fleet.run("messages", "--json");
    const [ledger] = (JSON.parse(stdout) as { messages: Record<string, unknown>[] }).messages;
    const [row] = await rows("SELECT * FROM messages");
    expect(row).toMatchObject({
      message: "m1",
      state: "refused",
      verdict: "refused",
      because: "a dialog is open",
      bytes: 5,
    });
    for (const name of [
      "agent",
      "message",
      "state",
      "verdict",
      "kind",
      "proof",
      "because",
      "user",
      "until",
      "seq",
      "last_seq",
    ])
      expect(row?.[name]).toEqual(ledger?.[name]);
  });

  test("without a query they are listed", async () => {
    expect(await fleet.run("sql")).toEqual({ exit: 0, stdout: listViews(), stderr: "" });
  });
});

describe("an answer", () => {
  test("is a table in which nothing can obey a terminal", async () => {
    const { stdout } = await ask(
      "SELECT 1 AS n, 'a' || char(27) || '[31m' AS text, NULL AS none, x'00ff' AS bytes",
    );
    expect(stdout).toBe("n  text     none  bytes\n1  a\\e[31m     -   00ff\n");
  });

  test("as JSON is exact: whole numbers to the last digit, what is no JSON number as text", async () => {
    const { stdout } = await ask(
      "SELECT 9007199254740993 AS big, 1.5 AS half, 9e999 AS endless, x'0a' AS bytes, NULL AS none",
      "--json",
    );
    expect(stdout).toBe(
      '{"schema":"fleet.sql.v1","tenant_id":"jarvis","host":"W-jarvis","columns":["big","half","endless","bytes","none"],"rows":[\n' +
        '{"big":9007199254740993,"half":1.5,"endless":"Infinity","bytes":"0a","none":null}\n],"cut":false}\n',
    );
    expect(await ask("SELECT 1 AS a, 2 AS a", "--json")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('two columns are called "a"'),
    });
  });

  test("as CSV quotes what would break a cell", async () => {
    const { stdout } = await ask("SELECT 'a,\"b\"' AS text, '' AS empty, NULL AS none", "--csv");
    expect(stdout).toBe('text,empty,none\r\n"a,""b""","",\r\n');
  });

  test("that is longer than the limit is cut off, and says so", async () => {
    const many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500) SELECT i FROM n";
    const cut = await ask(many, "--json", "--limit", "3");
    expect(cut).toMatchObject({ exit: 1, stderr: expect.stringContaining("cut off after 3 rows") });
    expect(JSON.parse(cut.stdout)).toMatchObject({ rows: [{ i: 1 }, { i: 2 }, { i: 3 }], cut: true });
    expect((await ask(many, "--limit", "500")).exit).toBe(0);
    expect((await ask(many, "--limit", "0")).stdout.split("\n")).toHaveLength(502);
  });

  test("of a wrong query is what SQLite says is wrong with it", async () => {
    const { exit, stderr } = await ask("SELECT nope FROM events");
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringMatching(
        /^fleet: the query cannot be run: no such column: nope\n {2}`fleet sql` without/,
      ),
    });
  });
});

describe("nothing can be written:", () => {
  const digestOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

  test.each([
    "DELETE FROM main.documents",
    "UPDATE main.state SET generation = 9",
    "INSERT INTO main.cursors VALUES ('x', 'y') RETURNING *",
    "WITH x AS (SELECT 1) DELETE FROM main.documents RETURNING 1",
    "WITH x AS (SELECT 1) INSERT INTO main.cursors SELECT 'a', 'b' RETURNING name",
    "/* SELECT */ DROP TABLE main.documents",
    "\n-- SELECT\nDROP VIEW events",
    "SELECT 1; DELETE FROM main.documents",
    "SELECT 1; ATTACH 'ATTACHED' AS other",
    "ATTACH 'ATTACHED' AS other",
    "VACUUM INTO 'ATTACHED'",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA user_version = 99",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "EXPLAIN SELECT 1; DELETE FROM main.documents",
    "CREATE TEMP TABLE t (a)",
    "CREATE TABLE main.t (a)",
    "SELECT load_extension('/lib/x86_64-linux-gnu/libc.so.6')",
    "SELECT writefile('ATTACHED', 'x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT edit('x')",
    "SELECT fts3_tokenizer('simple', x'0000000000000000')",
    "SELECT * FROM pragma_wal_checkpoint('TRUNCATE')",
    "SELECT * FROM pragma_journal_mode('DELETE')",
    "BEGIN EXCLUSIVE",
    "REINDEX",
    "ANALYZE",
    "DETACH main",
    "",
  ])("%s", async (query) => {
    const victim = join(fleet.home, "attached.db");
    const before = digestOf(fleet.log.path);
    const { exit, stdout, stderr } = await ask(query.replaceAll("ATTACHED", victim));
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toMatch(
      /^fleet: (only a SELECT|that statement would write|the query cannot be run|the query is empty)/,
    );
    expect(existsSync(victim)).toBe(false);
    expect(digestOf(fleet.log.path)).toBe(before);
    expect((await fleet.run("verify")).exit).toBe(0);
  });

  test("a query that wants all memory there is gets none of it", async () => {
    const { exit, stderr } = await ask(
      "SELECT length(group_concat(hex(zeroblob(50000000)))) FROM (SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6)",
    );
    // Nothing is wrong with the words of the query: docs/cli.md says 2 of those only.
    expect(exit).toBe(1);
    expect(stderr).toContain("needs more memory than it may have");
  });
});

describe("the process that runs the query", () => {
  const ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

  /** Node processes that run a query for this very home. */
  const queries = (): string[] =>
    readdirSync("/proc").filter((pid) => {
      try {
        const environ = readFileSync(`/proc/${pid}/environ`, "utf8");
        return (
          environ.includes(fleet.home) &&
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--in-this-process")
        );
      } catch {
        return false;
      }
    });

  test("answers like this one, and reads a query from the words or from a pipe", async () => {
    const query = "SELECT count(*) AS n, 'it''s' AS text FROM events";
    const here = await ask(query, "--json");
    expect(await fleet.run("sql", "--json", query)).toEqual(here);
    expect(await fleet.run("sql", "--json", "SELECT nope")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("no such column: nope"),
    });
  });

  test("is ended when the query takes too long, and nothing of it stays", async () => {
    const { exit, stdout, stderr } = await fleet.run("sql", "--timeout", "1", ENDLESS);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
    expect(stderr).toContain("the query did not end within 1 s and was ended");
    expect(queries()).toEqual([]);
  });

  test("ends itself when the verb was killed and can end nobody any longer", async () => {
    const main = join(import.meta.dirname, "..", "..", "cli", "main.ts");
    const env = { ...fleet.environment, PATH: process.env.PATH ?? "" };
    const verb = spawn(process.execPath, [main, "sql", "--timeout", "0", ENDLESS], { env, stdio: "ignore" });
    while (queries().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    verb.kill("SIGKILL");
    while (queries().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  test("an empty query is a mistake, and said to be one", async () => {
    expect(await fleet.run("sql", " ")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("the query is empty"),
    });
  });

  test("is ended with the verb, and when nobody reads its answer any more", async () => {
    const output = catchOutput();
    const around = { output, environment: fleet.environment };
    const running = perform(sql, { arguments: [ENDLESS], options: { timeout: "0" } }, around);
    while (queries().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    process.emit("SIGINT", "SIGINT");
    expect(await running).toBe(130);
    expect(queries()).toEqual([]);

    const deaf = {
      ...output,
      print: () => {
        throw Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
      },
    };
    const words = {
      arguments: ["WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"],
      options: { csv: true, limit: "0", timeout: "0" },
    } as const;
    expect(await perform(sql, words, { ...around, output: deaf })).toBe(0);
    expect(queries()).toEqual([]);
  });
});

test("without a log it says so", async () => {
  const output = catchOutput();
  const environment = { ...fleet.environment, FLEET_STATE: join(fleet.home, "none") };
  const exit = await perform(
    sql,
    { arguments: ["SELECT 1"], options: { "in-this-process": true } },
    { output, environment },
  );
  expect({ exit, said: output.complained() }).toEqual({
    exit: 1,
    said: expect.stringContaining("nothing has been recorded yet"),
  });
});
