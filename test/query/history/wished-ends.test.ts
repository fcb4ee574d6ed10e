import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { historyFrom, historyOf } from "../../../query/history/history.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { windowTestimony } from "../../../query/history/window-testimony.ts";
import { incidentsDocument } from "../../../query/incidents.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { microsOf } from "../../../store/exchange.ts";
import { createFoldedLog } from "../../support/fold.ts";
import { beatLook, operatorVerb, paneSeen, rosterLook, SOCKET, tmuxLook } from "../../support/looks.ts";
import { tableOf } from "../../support/table.ts";
import { whole } from "../../support/whole.ts";
import { keepLog } from "./kept-log.ts";

const S = 1_000_000;
const T = 1_800_000_000 * S;

/** Events of a host on which agents were stopped and restarted, as `fleet events --json` told them. */
function captured(name: string): StoredEvent[] {
  const text = readFileSync(join(import.meta.dirname, `../../fixtures/purpose/${name}.jsonl`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ occurred_at, recorded_at, ...event }) => ({
      ...{ ...event, tenantId: "t", host: "h", schemaVersion: 1, originLog: "log", originSeq: event.seq },
      ...{ occurredAtUs: microsOf(occurred_at), recordedAtUs: microsOf(recorded_at) },
    }));
}

function failuresOf(events: readonly StoredEvent[], fromUs: number): string[] {
  const last = events.at(-1) as StoredEvent;
  const nowUs = last.recordedAtUs;
  const past = pastOf({ tenantId: "t", host: "h", logSeq: last.seq, lapsedAtUs: null, nowUs, events });
  const window = { fromUs, toUs: nowUs };
  const source = { event: () => null, between: () => [] };
  const asked = { entries: past.roster(window), window, atUs: nowUs, events: source };
  return whole(incidentsDocument(past, asked)).incidents.flatMap(({ deaths }) =>
    deaths.map(({ agent, at, course }) => `${at} ${agent} ${course.map(({ status }) => status)}`),
  );
}

function courseOf(events: readonly StoredEvent[], agent: string, fromUs: number, toUs: number): unknown[] {
  return statusIntervals(historyOf({ events }), agent, { fromUs, toUs }).map(({ fromUs, status, reason }) => [
    fromUs,
    status,
    reason,
  ]);
}

describe("ends that somebody wanted, as tmux dates them", () => {
  test("a `down` and three restarts of three agents, captured while a recorder ran, are no failures", () => {
    const events = captured("restarts");
    const fromUs = microsOf("2026-11-26T09:27:42.5Z") as number;
    expect(events.filter(({ type }) => type === "tmux.pane.died")).not.toEqual([]);
    expect(events.filter(({ type }) => type === "heartbeat.writer.exited")).not.toEqual([]);
    expect(failuresOf(events, fromUs)).toEqual([]);
  });

  test("nor is a stop of which hooks and the journal tell, captured while no recorder ran", () => {
    const events = captured("stop-in-a-gap");
    const fromUs = microsOf("2026-11-26T09:13:00Z") as number;
    const wishedUs = microsOf("2026-11-26T09:13:37.339047Z") as number;
    expect(failuresOf(events, fromUs)).toEqual([]);
    expect(courseOf(events, "lead", wishedUs - 400_000, wishedUs + 20 * S)).toEqual([
      [wishedUs - 400_000, "healthy", null],
      [wishedUs, "stopped", "stopped by operator"],
    ]);
  });

  const watched = () => {
    const log = createFoldedLog(T);
    log.look(rosterLook(T, { coder0: {} }));
    log.look(tmuxLook(T, [paneSeen("coder0", 1, { startedAtUs: T - 60 * S })]));
    for (const source of ["tmux", "heartbeat"])
      log.append({
        type: "recorder.source.started",
        agent: null,
        source: "recorder",
        occurredAtUs: T,
        precision: "us",
        payload: { source, scope: source === "tmux" ? SOCKET : "" },
      });
    return log;
  };
  const dies = (log: ReturnType<typeof watched>, secondUs: number, seenUs: number) => {
    log.nowUs = seenUs;
    const ended = { startedAtUs: null, dead: true, signal: 15, diedAtUs: secondUs };
    log.look(tmuxLook(seenUs, [paneSeen("coder0", 1, ended)]));
  };

  test("what a look found dead before the wish had failed, also in the second of the wish", () => {
    const log = watched();
    dies(log, T + 5 * S, T + 5 * S + 100_000);
    log.nowUs = T + 5 * S + 400_000;
    log.append(operatorVerb("restart", "coder0", log.nowUs));
    expect(courseOf(log.events, "coder0", T + 5 * S, T + 6 * S)).toEqual([
      [T + 5 * S, "failed", "signal 15"],
    ]);
    expect(tableOf(log, T + 5 * S + 500_000).agents[0]).toMatchObject({ status: "failed" });
  });

  test("a start within the second of an end is no wish that ended it, in what is kept as in what is held", () => {
    const log = watched();
    const verb = (wanted: "stop" | "start", atUs: number) => {
      log.nowUs = atUs;
      log.append(operatorVerb(wanted, "coder0", atUs));
    };
    verb("stop", T + 5 * S - 100_000);
    verb("start", T + 5 * S + 100_000);
    dies(log, T + 5 * S, T + 5 * S + 200_000);
    const window = { fromUs: T + 4 * S, toUs: T + 6 * S };
    expect(courseOf(log.events, "coder0", window.fromUs, window.toUs)).toEqual([
      [window.fromUs, "silent", "never beat"],
      [T + 5 * S, "stopped", "stopped by operator"],
    ]);
    const kept = keepLog();
    try {
      kept.write(log.events, log.events.length);
      const asked = { view: kept.view(), window, lapsedAtUs: null, nowUs: log.nowUs, lateUs: 3000 };
      expect(statusIntervals(historyFrom(windowTestimony(asked)), "coder0", window)).toEqual(
        statusIntervals(historyOf({ events: log.events }), "coder0", window),
      );
    } finally {
      kept.close();
    }
  });

  test("one whose beating process ends after the wish is stopped, until its pane has outlived that by far", () => {
    const log = watched();
    const beat = (atUs: number, alive: boolean) => {
      log.nowUs = atUs;
      log.look(beatLook(atUs, "coder0", T + S, { alive }));
    };
    beat(T + S, true);
    log.nowUs = T + 5 * S;
    log.append(operatorVerb("stop", "coder0", log.nowUs));
    beat(T + 5 * S + 200_000, false);
    expect(courseOf(log.events, "coder0", T + 5 * S, T + 30 * S)).toEqual([
      [T + 5 * S, "healthy", null],
      [T + 5 * S + 200_000, "stopped", "stopped by operator"],
      [T + 15 * S + 200_000, "stale", "pid-gone"],
    ]);
  });

  test("one whose beating process had ended before it was restarted stays stale until it lives", () => {
    const log = watched();
    log.nowUs = T + S;
    log.look(beatLook(T + S, "coder0", T + S));
    log.nowUs = T + 4 * S;
    log.look(beatLook(T + 4 * S, "coder0", T + S, { alive: false }));
    log.nowUs = T + 5 * S;
    log.append(operatorVerb("restart", "coder0", log.nowUs));
    expect(courseOf(log.events, "coder0", T + 4 * S, T + 6 * S)).toEqual([[T + 4 * S, "stale", "pid-gone"]]);
  });
});
