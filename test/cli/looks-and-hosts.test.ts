import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chronicle } from "../../query/history/chronicler.ts";
import { derive, projections } from "../../query/planes/all.ts";
import type { PsDocument } from "../../query/row.ts";
import { openLog } from "../../store/log.ts";
import { paneSeen, rosterLook, SOCKET, sampleTaken, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

let past: SeededPast;
beforeEach(() => {
  past = seedPast();
});
afterEach(() => past.close());

test("a look that is named is asked at the one moment that it covers", async () => {
  past.sample(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [paneSeen("coder0", 1)]));
  past.now(60);
  const events = (await past.run("events", "--type", "recorder.sample.taken", "--json")).stdout;
  const { seq } = JSON.parse(events.trimEnd().split("\n").at(-1) ?? "") as { seq: number };
  const { observer } = await past.json<PsDocument>("ps", "--as-recorded", `#${seq}`);
  expect(observer.state).toBe("one-shot");
  // Told a moment after it was taken.
  past.sample(100, tmuxLook(at(100), [paneSeen("coder0", 1)]));
  const late = { ...sampleTaken(at(200), [{ source: "tmux", scope: SOCKET }]), occurredAtUs: at(200) };
  past.tell(200.000_1, late);
  past.now(260);
  const told = (await past.run("events", "--type", "recorder.sample.taken", "--json")).stdout;
  const last = JSON.parse(told.trimEnd().split("\n").at(-1) ?? "") as { seq: number };
  const table = await past.json<PsDocument>("ps", "--as-recorded", `#${last.seq}`);
  expect([table.observer.state, table.at]).toEqual(["one-shot", "2026-06-20T20:03:20.000Z"]);
});

test("what a log holds of a host that was called otherwise is named where it would seem that there is no more", async () => {
  past.sample(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [paneSeen("coder0", 1)]));
  const log = openLog({
    path: join(past.environment.FLEET_STATE ?? "", "fleet.db"),
    identity: { tenantId: "jarvis", host: "renamed", machineId: null },
    clock: { nowUs: () => at(100), monotonicUs: () => 1e6 },
    ...{ projections, chronicle, derive },
  });
  log.append({ source: "roster", snapshot: rosterLook(at(100), { coder0: {} }) });
  log.close();
  past.now(200);
  const { exit, stdout, stderr } = await past.run("incidents", "--since", "20:00");
  expect({ exit, said: stdout.slice(0, 15) }).toEqual({ exit: 0, said: "Nothing failed " });
  expect(stderr).toContain(
    "Of jarvis@renamed the log begins at 2026-06-20 20:01:40; it also holds jarvis@W-jarvis: ask with --host.",
  );
  const before = await past.run("history", "--at", "20:01");
  expect(before.exit).toBe(2);
  expect(before.stderr).toContain("what else this log holds with --host: jarvis@W-jarvis");
  const named = await past.run("history", "--at", "20:01", "--host", "W-jarvis");
  expect({ exit: named.exit, stderr: named.stderr }).toEqual({ exit: 0, stderr: "" });
  expect((await past.run("incidents", "--since", "20:01:50")).stderr).toBe("");
});
