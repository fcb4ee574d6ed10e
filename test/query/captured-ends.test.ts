import { describe, expect, test } from "vitest";
import { formatIncidents } from "../../cli/render/incidents.ts";
import { pastOf } from "../../query/history/past-in-memory.ts";
import { incidentsDocument } from "../../query/incidents.ts";
import { exactIsoOf, exactUsOf } from "../../query/instant.ts";
import { uptimeDocument } from "../../query/uptime.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { capturedEvents } from "../support/captured-log.ts";
import { whole } from "../support/whole.ts";

/**
 * Ends that nobody watched, cut out of the log of a real fleet (systemd 252, tmux 3.3a, a beat every 2 s) to which each of these things was done.
 * All agents but those that are asked about are left out.
 */
function captured(file: string, isKept: (event: StoredEvent) => boolean = () => true) {
  const events = capturedEvents(file).filter(isKept);
  const nowUs = events.at(-1)?.recordedAtUs ?? 0;
  const past = pastOf({ tenantId: "t", host: "h", logSeq: events.length, events, lapsedAtUs: null, nowUs });
  const asked = (fromUs: number) => {
    const window = { fromUs, toUs: nowUs };
    return { entries: past.roster(window), window, atUs: nowUs };
  };
  const source = {
    event: (seq: number) => events.find((event) => event.seq === seq) ?? null,
    between: (agent: string | null, types: readonly string[], span: { fromUs: number; toUs: number }) =>
      events.filter(
        (event) =>
          (agent === null || event.agent === agent) &&
          types.includes(event.type) &&
          event.occurredAtUs >= span.fromUs &&
          event.occurredAtUs < span.toUs,
      ),
  };
  return {
    past,
    incidents: (fromUs: number) => whole(incidentsDocument(past, { ...asked(fromUs), events: source })),
    uptime: (fromUs: number) => uptimeDocument(past, asked(fromUs)),
    /** What an agent was over a window, one word for each stretch. */
    story: (agent: string, from: string, to: string) =>
      [...past.intervals(agent, { fromUs: at(from), toUs: at(to) })].map(
        ({ fromUs, status, reason }) =>
          `${exactIsoOf(Math.max(fromUs, at(from))).slice(14, 23)} ${status}${reason === null ? "" : `: ${reason}`}`,
      ),
  };
}

const at = (time: string): number => exactUsOf(`2026-11-26T${time}Z`);

describe("the user manager and all that it ran was killed, the recorder too, and two seconds later all of it was back", () => {
  const { incidents, past, uptime, story } = captured("user-manager-killed.ndjson");

  test("an agent is well until the last that was known of that life, and not known to be until the next server came up", () => {
    expect(story("lead", "09:19:52", "09:19:58")).toEqual([
      "19:52.000 healthy",
      "19:53.961 unobserved: no evidence",
      "19:56.150 dead: tmux server gone",
      "19:56.280 starting",
      "19:56.345 healthy",
    ]);
    const between = past.explain("lead", at("09:19:55"));
    expect(between.row.heartbeat).toMatchObject({ health: "unknown", reason: "ended-unseen" });
    // The first process of the next server is its own.
    expect(story("_holder", "09:19:52", "09:19:58")).toEqual([
      "19:52.000 running",
      "19:53.961 unobserved: no evidence",
      "19:56.150 dead: tmux server gone",
      "19:56.150 running",
    ]);
  });

  test("it is one incident of all of them, and its cause is the user manager, of whom the next one told", () => {
    const [killed, crashed] = incidents(at("09:19:50")).incidents;
    expect(killed?.cause?.kind).toBe("user-manager");
    expect(killed?.deaths).toMatchObject(
      ["_holder", "c1", "lead"].map((agent) => ({ agent, witnessed: false, course: [{ status: "dead" }] })),
    );
    for (const { not_before } of killed?.deaths ?? []) expect(not_before).toMatch(/T09:19:53\.96/);
    expect(crashed?.cause?.kind).toBe("reboot");
    const look = { width: null, paint: (_: unknown, words: string) => words };
    const text = [...formatIncidents(incidents(at("09:19:50")), look)];
    expect(text[1]).toMatch(/_holder +dead \(tmux server gone\), and back before anybody looked; somewhere/);
  });

  test("and an outage of each", () => {
    const { agents } = uptime(at("09:19:50"));
    expect(agents.map(({ name, outages }) => [name, outages])).toEqual([
      ["lead", 2],
      ["c1", 2],
      ["_holder", 2],
    ]);
  });
});

describe("the host crashed, and was started ten seconds later", () => {
  const { incidents, past, story } = captured("user-manager-killed.ndjson");

  test("its agents died after the last that was known of them, and not after what their last beats had promised", () => {
    const crashed = incidents(at("09:20:10")).incidents[0];
    expect(crashed?.deaths).toHaveLength(3);
    // The crash was at 09:20:08.2; the last beats, of 09:20:06, would have reached beyond it.
    for (const { not_before, at: found } of crashed?.deaths ?? []) {
      expect(exactUsOf(not_before ?? "")).toBeLessThan(at("09:20:08.2"));
      expect(exactUsOf(not_before ?? "")).toBeGreaterThan(at("09:20:06"));
      expect(found).toBe("2026-11-26T09:20:18.000Z");
    }
    expect(story("c1", "09:20:09", "09:20:17")).toEqual(["20:09.000 unobserved: no evidence"]);
  });

  test("whoever asks about a moment is told since when it was so, and never since later than that", () => {
    for (let us = at("09:20:18"); us < at("09:20:19.6"); us += 10_000) {
      for (const row of past.table(us, false).agents) {
        if (row.since === null) continue;
        expect(exactUsOf(row.since)).toBeLessThanOrEqual(us);
        if (row.status === "dead") expect(row.since).toBe("2026-11-26T09:20:18.000Z");
      }
    }
  });
});

test("of an exit that tmux dated while nobody watched the time is told, and that its last beats were not read", () => {
  const { incidents } = captured("exit-while-nobody-watched.ndjson");
  const document = incidents(at("09:13:10"));
  expect(document.incidents[0]).toMatchObject({
    cause: null,
    deaths: [
      {
        ...{ agent: "c1", at: "2026-11-26T09:13:21.000Z", witnessed: true, not_before: null },
        pane: { exit_status: 7, at: "2026-11-26T09:13:21.000Z" },
        last_beat: { at: "2026-11-26T09:13:11.926Z" },
        beats_watched_until: "2026-11-26T09:13:13.439458Z",
      },
    ],
  });
  const look = { width: null, paint: (_: unknown, words: string) => words };
  const text = [...formatIncidents(document, look)].join("\n");
  expect(text).toMatch(/last beat seen at most 10 s before: nobody read its beats after/);
  expect(text).not.toMatch(/found so|somewhere between/);
});

test("agents whose processes were seen to be gone 22 ms before the tmux server was went with that server", () => {
  const { incidents, story } = captured("server-killed.ndjson");
  expect(story("lead", "09:16:56", "09:16:56.9")).toEqual([
    "16:56.000 healthy",
    "16:56.080 stale: pid-gone",
    "16:56.102 dead: tmux server gone",
  ]);
  const [killed, ...others] = incidents(at("09:16:56")).incidents;
  expect(others).toEqual([]);
  expect(killed?.cause).toEqual({ kind: "tmux-server", detail: "process 342 on mosaic-factory", at: null });
  expect(killed?.deaths.map(({ agent, course }) => [agent, course.map(({ status }) => status)])).toEqual([
    ["c0", ["stale", "dead"]],
    ["lead", ["stale", "dead"]],
    ["_holder", ["dead"]],
  ]);
});

describe("somebody was attached as it died, while nobody recorded", () => {
  const { incidents, past } = captured("attached-while-nobody-watched.ndjson");
  const look = { width: null, paint: (_: unknown, words: string) => words };

  test("tmux's hooks told of it, each to the second, and its certificate names the client", () => {
    const window = { fromUs: at("19:29:07"), toUs: at("19:29:44") };
    expect([...past.occurrences("a", "attached", window)]).toMatchObject([
      { fromUs: at("19:29:34"), toUs: at("19:29:39"), endUnseen: false, withinUs: 1_000_000 },
    ]);
    const document = incidents(at("19:29:31"));
    const death = document.incidents.flatMap(({ deaths }) => deaths).find(({ pane }) => pane?.signal === 9);
    const since = "2026-11-26T19:29:34.000Z";
    expect(death?.attached).toEqual([{ client: "/dev/pts/2", since, read_only: false }]);
    expect([...formatIncidents(document, look)].join("\n")).toMatch(
      /attached: \/dev\/pts\/2 since \d\d:\d\d:34/,
    );
  });

  test("without those lines nobody knows who was", () => {
    const told = captured("attached-while-nobody-watched.ndjson", ({ payload }) => {
      const { client } = payload as { client?: string | null };
      return client === undefined || client === null;
    });
    const document = told.incidents(at("19:29:31"));
    const death = document.incidents.flatMap(({ deaths }) => deaths).find(({ pane }) => pane?.signal === 9);
    expect(death?.attached).toBeNull();
    expect([...formatIncidents(document, look)].join("\n")).toContain("who was attached is not known");
  });
});

describe("an agent was killed while the recorder watched, and 0.9 s later the power went", () => {
  const { incidents } = captured("killed-before-the-power-went.ndjson");

  test("it died by itself: the machine lived on after that, and took only the other one along", () => {
    const found = incidents(at("23:04:45")).incidents.map(({ at: began, cause, deaths }) => [
      began.slice(11, 19),
      cause?.kind ?? null,
      deaths.map(({ agent, course }) => `${agent}: ${course[0]?.reason}`),
    ]);
    expect(found).toEqual([
      ["23:04:51", null, ["alpha: signal 9"]],
      ["23:05:09", "reboot", ["beta: tmux server gone"]],
    ]);
  });
});

describe("a session got another name while nobody watched", () => {
  const told = (isKept?: (event: StoredEvent) => boolean) => {
    const { incidents } = captured("renamed-while-nobody-watched.ndjson", isKept);
    const document = incidents(at("23:20:40"));
    const words = [...formatIncidents(document, { width: null, paint: (_role, text) => text })].join("\n");
    return { pane: document.incidents[0]?.deaths[0]?.pane, words };
  };

  test("it is dated by the line that a hook wrote of it", () => {
    const { pane, words } = told();
    const found_at = "2026-11-26T23:21:20.650058Z";
    expect(pane).toMatchObject({
      at: "2026-11-26T23:21:04.000Z",
      away: { how: "renamed", to: "plainx", found_at },
    });
    expect(words).toContain("did not end: its session was renamed to plainx at 23:21:04;");
  });

  test("without such a line it is only said to have been found so then", () => {
    const { pane, words } = told(({ type }) => type !== "tmux.hook.fired");
    expect(pane).toMatchObject({ at: null, away: { found_at: "2026-11-26T23:21:20.650058Z" } });
    expect(words).toContain("did not end: its session was found renamed to plainx at 23:21:20;");
  });
});

describe("when lives began while nobody watched", () => {
  const starts = (file: string, agent: string, from: string, to: string) => {
    const { past } = captured(file);
    const events = capturedEvents(file);
    const window = { fromUs: at(from), toUs: at(to) };
    return [...past.occurrences(agent, "started", window)].map(({ fromUs, reason, why }) => [
      exactIsoOf(fromUs).slice(11, 19),
      reason,
      events[(why[0] ?? 0) - 1]?.originSeq,
    ]);
  };

  test("one that was found dead had begun once, by the word of its session's hook", () => {
    expect(starts("started-while-nobody-watched.ndjson", "eph", "23:04:00", "23:05:00")).toEqual([
      ["23:04:17", "told by a hook", 2002],
    ]);
  });

  test("one that came and went is told by the line of its session's making", () => {
    expect(starts("restarted-while-nobody-watched.ndjson", "delta", "23:06:00", "23:07:00")).toEqual([
      ["23:06:32", "told by a hook", 2511],
      ["23:06:36", null, 2541],
    ]);
  });
});
