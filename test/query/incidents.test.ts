import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonPieces } from "../../cli/render/json-pieces.ts";
import type { Past } from "../../query/history/past.ts";
import { pastOf } from "../../query/history/past-in-memory.ts";
import { keptPast } from "../../query/history/past-kept.ts";
import { incidentsDocument } from "../../query/incidents.ts";
import type { EventSource } from "../../query/lately.ts";
import type { ChronicleView } from "../../store/chronicle-view.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { beatLook, paneSeen, SERVER, SOCKET, tmuxLook } from "../support/looks.ts";
import { whole } from "../support/whole.ts";
import { type KeptLog, keepLog } from "./history/kept-log.ts";
import { createStory, journalLine, type Story } from "./history/story.ts";

const MINUTES = 150;
const CLIENT = {
  ...{ socket: SOCKET, server: SERVER, session: "$1", name: "coder0" },
  ...{ pid: 7, readOnly: false, control: false },
};

/** What was asked of the log, each question by its name. */
const asked: string[] = [];
let story: Story;
let kept: KeptLog;
let events: readonly StoredEvent[];

/** One that beats once a minute and may miss three beats of 15 s: it is stale for the last 15 s of each minute. */
beforeAll(() => {
  story = createStory();
  story.record(1, tmuxLook(story.at(1), [paneSeen("coder0", 1)]));
  for (let minute = 1; minute <= MINUTES; minute++) {
    const second = 60 * minute;
    story.look(second, beatLook(story.at(second), "coder0", story.at(second)));
    const tell = (after: number, type: string, payload: object, source: StoredEvent["source"]) =>
      story.tell(second + after, { type, agent: "coder0", source, payload } as never);
    if (minute % 40 === 3) tell(7, "message.submitted", { message: `m${minute}` }, "operator");
    if (minute % 50 === 4) {
      const line = journalLine(story.at(second + 47), "failed", "start");
      story.tell(second + 47, { ...line, payload: { ...line.payload, unitResult: "oom-kill" } });
    }
    if (minute % 60 === 5)
      tell(30, "tmux.client.attached", { ...CLIENT, client: `/dev/pts/${minute}` }, "tmux");
  }
  events = story.log.events;
  kept = keepLog();
  kept.write(events, events.length);
  kept.log.settle(() => false);
});
afterAll(() => kept.close());

const nowUs = () => story.at(60 * MINUTES + 59);

function documentOf(past: Past) {
  const window = { fromUs: story.at(60), toUs: nowUs() };
  const source: EventSource = {
    event: (seq) => events[seq - 1] ?? null,
    between: (agent, types, { fromUs, toUs }) => {
      asked.push("events between");
      const isTold = (event: StoredEvent) => event.occurredAtUs >= fromUs && event.occurredAtUs <= toUs;
      return events.filter(
        (event) => isTold(event) && types.includes(event.type) && (agent === null || event.agent === agent),
      );
    },
  };
  return whole(
    incidentsDocument(past, { entries: past.roster(window), window, atUs: nowUs(), events: source }),
  );
}

function pastOfLog(): Past {
  const view = new Proxy(kept.view(), {
    get: (target, name: keyof ChronicleView) => {
      const ask = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        asked.push(`${name} ${args[0]}`);
        return ask.apply(target, args);
      };
    },
  });
  const common = { tenantId: "t", host: "h", lapsedAtUs: null, nowUs: nowUs() };
  return keptPast({ ...common, view, verdicts: kept.verdicts(), lateUs: 3000 });
}

describe("the incidents of one that falls again and again", () => {
  test("are certified from a few readings of the log, and not from some for each of them", () => {
    asked.length = 0;
    const { incidents } = documentOf(pastOfLog());
    expect(incidents).toHaveLength(MINUTES);
    // Who watched is read once for each history that is made.
    expect(asked.filter((question) => question === "lines scope").length).toBeLessThan(MINUTES / 4);
    expect(asked.filter((question) => question === "events between").length).toBeLessThan(MINUTES / 4);
    expect(asked.length).toBeLessThan(10 * MINUTES);
  });

  test("are the same as of a past in which each moment is read for itself, and of the whole log", () => {
    const past = pastOfLog();
    const found = documentOf(past);
    expect(documentOf({ ...past, stretch: () => null })).toEqual(found);
    const common = { tenantId: "t", host: "h", lapsedAtUs: null, nowUs: nowUs() };
    expect(documentOf(pastOf({ ...common, logSeq: events.length, events }))).toEqual(found);
    const deaths = found.incidents.flatMap((incident) => incident.deaths);
    expect(new Set(deaths.map((death) => death.last_message?.seq ?? null)).size).toBe(5);
    expect(deaths.filter((death) => death.out_of_memory !== null)).toHaveLength(3);
    expect(deaths.filter((death) => (death.attached?.length ?? 0) > 0).length).toBeGreaterThan(100);
  });

  test("are printed one after another as the very text of the whole", () => {
    const whole = documentOf(pastOfLog());
    for (const count of [0, 1, 2, MINUTES]) {
      const document = { ...whole, incidents: whole.incidents.slice(0, count) };
      const told = { ...document, incidents: new Set(document.incidents) };
      expect([...jsonPieces(told)].join("")).toBe(JSON.stringify(document, null, 2));
    }
  });
});
