import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { formatStory } from "../../../cli/render/story.ts";
import { formatWhen } from "../../../cli/render/when.ts";
import { attachedSince } from "../../../query/attached.ts";
import { historyOf } from "../../../query/history/history.ts";
import { overlapOf } from "../../../query/history/span.ts";
import { when } from "../../../query/history/when.ts";
import { storyOf } from "../../../query/story.ts";
import { whenDocument } from "../../../query/when.ts";
import type { NewEvent } from "../../../store/events/envelope.ts";
import { paneSeen, SERVER, SOCKET, systemdLook, tmuxLook } from "../../support/looks.ts";
import type { Op, Turn } from "./stories.ts";
import { anyStory } from "./stories.ts";
import { createStory, S, type Story, T } from "./story.ts";
import { BEGIN_US, play } from "./world.ts";

const TERMINAL = "/dev/pts/3";
const CLIENT = { client: TERMINAL, pid: 77, readOnly: true, control: false };

let story: Story;
let counted = 0;

/** A line of the spool about a client: on whose session it is now, or that it left. */
function line(second: number, hook: string, agent: string | null = null, server = SERVER): NewEvent {
  const session = agent === null ? null : agent === "coder0" ? "$1" : "$2";
  const rest = { window: null, pane: null, status: null, signal: null, name: agent };
  counted += 1;
  const client = hook.startsWith("client-") ? TERMINAL : null;
  return {
    ...{
      type: "tmux.hook.fired",
      agent,
      source: "tmux-hook",
      occurredAtUs: story.at(second),
      precision: "s",
    },
    payload: { socket: SOCKET, server, n: counted, hook, session, client, ...rest },
  };
}

const comes = (second: number, agent = "coder0") => [
  line(second, "client-session-changed", agent),
  line(second, "client-attached", agent),
];
const leaves = (second: number) => line(second, "client-detached");
/** Read when the recorder is back, whenever they were written. */
const read = (second: number, ...lines: NewEvent[]) => {
  for (const one of lines) story.tell(second, one);
};
/** Both agents run; on whose session a look finds the client, if any. */
const look = (second: number, on: "coder0" | "coder1" | null = null, over: { pid?: number } = {}) => {
  const session = on === "coder0" ? "$1" : "$2";
  const clients = on === null ? [] : [{ ...CLIENT, ...over, session, name: on }];
  const panes = [paneSeen("coder0", 1), paneSeen("coder1", 2)];
  return tmuxLook(story.at(second), panes, { clients });
};
const attached = (agent = "coder0", from = 0, to = 200) =>
  when(story.history(), agent, "attached", { fromUs: story.at(from), toUs: story.at(to) }).occurrences.map(
    ({ fromUs, toUs, endUnseen }) => [
      (fromUs - T) / S,
      toUs === null ? "goes on" : (toUs - T) / S,
      ...(endUnseen ? ["unseen"] : []),
    ],
  );

/** The recorder is away from 30.5 to 60.5. */
beforeEach(() => {
  story = createStory();
  counted = 0;
});
const away = (before: Parameters<typeof look>[1] = null) => {
  story.record(15, look(15, before));
  story.stop(30.5);
};
const back = (...found: Parameters<typeof look> extends [number, ...infer Rest] ? Rest : never) =>
  story.record(60.5, look(60.5, ...found));

describe("who attached while nobody recorded", () => {
  test("is told by the lines of hooks, to the second, with the lines that told of it", () => {
    away();
    read(60.4, ...comes(34), leaves(39));
    back();
    expect(attached()).toEqual([[34, 39]]);
    const [one] = when(story.history(), "coder0", "attached", { fromUs: T, toUs: story.at(200) }).occurrences;
    expect(one).toMatchObject({ withinUs: S, reason: null, beganBefore: false });
    const told = one?.why.map(
      (seq) => (story.log.events[seq - 1]?.payload as { hook?: string } | undefined)?.hook,
    );
    expect(told).toEqual(["client-session-changed", "client-detached"]);
    expect(attached("coder1")).toEqual([]);
  });

  test("in whatever order the lines arrive, and however late after the look that ended the gap", () => {
    const any = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
    fc.assert(
      fc.property(any, fc.constantFrom(60.4, 70, 100), (order, second) => {
        story = createStory();
        counted = 0;
        away();
        const lines = [...comes(34), line(36, "client-session-changed", "coder1"), leaves(39), leaves(40)];
        if (second < 60) read(second, ...order.map((at) => lines[at] as NewEvent));
        back();
        if (second > 60) read(second, ...order.map((at) => lines[at] as NewEvent));
        expect(attached()).toEqual([[34, 36]]);
        expect(attached("coder1")).toEqual([[36, 39]]);
      }),
    );
  });

  test("went on where the look that ends the gap finds the same client on the same session: it is one, begun at the hook's second", () => {
    away();
    read(60.4, ...comes(34));
    back("coder0");
    story.look(90, look(90));
    expect(attached()).toEqual([[34, 90]]);
    expect(attached("coder0", 0, 50)).toEqual([[34, "goes on"]]);
    expect(attached("coder0", 60.5, 200)).toEqual([[60.5, 90]]);
    const past = story.past(200);
    const events = { event: (seq: number) => story.log.events[seq - 1] ?? null, between: () => [] };
    const [later] = past.occurrences("coder0", "attached", { fromUs: story.at(80), toUs: story.at(85) });
    expect(later).toMatchObject({ beganBefore: true, reason: "read-only" });
    // Whoever asks long after it came is told when it did all the same.
    if (later !== undefined) expect(attachedSince(past, events)("coder0", later)).toBe(story.at(34));
  });

  test("is known to the last word of it, where nothing told of the end", () => {
    away();
    read(60.4, ...comes(34));
    back();
    expect(attached()).toEqual([[34, 34, "unseen"]]);
    const window = { fromUs: T, toUs: story.at(200) };
    const asked = { name: "coder0", state: "attached", window, atUs: story.at(200) } as const;
    expect(whenDocument(story.past(200), asked).first).toMatchObject({ seconds: 0, end_witnessed: false });
    const print = { width: null, paint: (_: unknown, words: string) => words };
    const said = { since: true, until: true };
    const sentence = [...formatWhen(whenDocument(story.past(200), asked), { ...print, which: "last", said })];
    expect(sentence.join(" ")).toMatch(
      /was attached to at .*, to the second \(2 min 46 s ago\), and until when nobody saw \[/,
    );
    const input = { entries: story.past(200).roster(window), window, atUs: story.at(200) };
    const lines = formatStory(storyOf(story.past(200), { ...input, whole: false }), input, {
      ...print,
      atUs: story.at(200),
    });
    expect([...lines].find((one) => one.includes("attached to"))).toMatch(
      /coder0 {2}attached to, and until when nobody saw/,
    );
  });

  test("was on another session by then, or is another client of the terminal, where the look finds that", () => {
    away();
    read(60.4, ...comes(34));
    back("coder1");
    expect(attached()).toEqual([[34, 34, "unseen"]]);
    expect(attached("coder1")).toEqual([[60.5, "goes on"]]);
    story = createStory();
    away("coder0");
    back("coder0", { pid: 78 });
    expect(attached()).toEqual([
      [15, 30.5, "unseen"],
      [60.5, "goes on"],
    ]);
  });

  test("left with its session, by the line that told of its end", () => {
    away();
    read(60.4, ...comes(34), line(40, "session-closed", "coder1"), line(45, "session-closed", "coder0"));
    back();
    expect(attached()).toEqual([[34, 45]]);
  });

  test("left with its server, of which no hook tells", () => {
    away();
    read(60.4, ...comes(34));
    const other = { pid: SERVER + 1, start: 6, version: "3.3a" };
    const clients = [{ ...CLIENT, session: "$1", name: "coder0" }];
    story.record(60.5, tmuxLook(story.at(60.5), [paneSeen("coder0", 1)], { server: other, clients }));
    expect(attached()).toEqual([
      [34, 34, "unseen"],
      [60.5, "goes on"],
    ]);
  });

  test("left with the boot of the machine, also where the next server has the same small pid", () => {
    const boot = (bootId: string, second: number) =>
      systemdLook(story.at(Math.max(15, second)), {}, { bootId, bootedAtUs: story.at(second) });
    story.record(15, look(15, "coder0"), boot("1111", -60));
    story.stop(30.5);
    story.record(60.5, look(60.5, "coder0"), boot("2222", 45));
    expect(attached()).toEqual([
      [15, 30.5, "unseen"],
      [60.5, "goes on"],
    ]);
  });

  test("where nobody looked again yet the lines tell no more than their moments", () => {
    away("coder0");
    expect(attached()).toEqual([[15, 30.5, "unseen"]]);
    read(100, leaves(33), ...comes(35));
    expect(attached()).toEqual([
      [15, 33],
      [35, 35, "unseen"],
    ]);
  });
});

describe("who was attached when the recorder went", () => {
  test("left at the second of the line, and is known only until the gap where there is none", () => {
    away("coder0");
    read(60.4, leaves(39));
    back();
    expect(attached()).toEqual([[15, 39]]);
    story = createStory();
    away("coder0");
    back();
    expect(attached()).toEqual([[15, 30.5, "unseen"]]);
  });

  test("and is there when it is back was attached throughout, but for what lines tell of", () => {
    away("coder0");
    back("coder0");
    expect(attached()).toEqual([[15, "goes on"]]);
    read(70, line(40, "client-session-changed", "coder1"), line(42, "client-session-changed", "coder0"));
    expect(attached()).toEqual([
      [15, 40],
      [42, "goes on"],
    ]);
    expect(attached("coder1")).toEqual([[40, 42]]);
  });
});

describe("a hook adds nothing to what looks saw", () => {
  test("in watched time", () => {
    story.record(15, look(15));
    story.look(20.1, look(20.1, "coder0"));
    read(20.2, ...comes(20));
    story.look(25.7, look(25.7));
    read(25.8, leaves(25));
    read(28, ...comes(27), leaves(27));
    expect(attached()).toEqual([[20.1, 25.7]]);
  });

  test("in a second of which only a part was watched", () => {
    story.record(15, look(15));
    story.look(30.1, look(30.1, "coder0"));
    story.look(30.3, look(30.3));
    story.stop(30.5);
    read(60.4, ...comes(30), leaves(30));
    back();
    story.look(60.7, look(60.7, "coder0"));
    read(61, ...comes(60));
    expect(attached()).toEqual([
      [30.1, 30.3],
      [60.7, "goes on"],
    ]);
  });

  test("but of the other part, what no look saw, it tells", () => {
    away();
    read(60.4, ...comes(30), leaves(32));
    back();
    expect(attached()).toEqual([[30.5, 32]]);
  });
});

/**
 * One agent, whose lines are as exact as the story, and of which every line is written: as tmux's hooks do, but for a server that goes. Where
 * another story tells of beats and units, clients come and go in this one.
 */
const hooked = (story: readonly Turn[]): Turn[] =>
  story.flatMap((turn) => {
    const { op } = turn;
    if (op.kind === "adopt" || op.kind === "step") return [];
    if (op.kind === "beat") return [{ ...turn, op: { ...COMES, client: op.status === "busy" ? 1 : 0 } }];
    if (op.kind === "unit") return [{ ...turn, op: { ...LEAVES, client: op.to === "failed" ? 1 : 0 } }];
    const agent = "agent" in op ? { agent: 1 } : {};
    const told = "hook" in op ? { hook: true } : {};
    const ends = op.kind === "end" || op.kind === "wished-end" ? { dated: true } : {};
    return [{ ...turn, op: { ...op, ...agent, ...told, ...ends } as Op }];
  });
const COMES = { kind: "attach", agent: 1, hook: true } as const;
const LEAVES = { kind: "detach", hook: true } as const;

test("of a story of which hooks tell all, nobody is said to be attached who was not, and all who were in watched time are", () => {
  let [told, seen] = [0, 0];
  fc.assert(
    fc.property(anyStory, (turns) => {
      const { events, endUs, lapsedAtUs, sits } = play(hooked(turns));
      const history = historyOf({ events, lapsedAtUs, nowUs: endUs });
      const window = { fromUs: BEGIN_US, toUs: endUs };
      const found = when(history, "a1", "attached", window).occurrences;
      for (const { fromUs, toUs } of found) {
        told += 1;
        const isTrue = sits.some((sit) => sit.fromUs <= fromUs && (toUs ?? endUs) <= sit.toUs + LOOK_US);
        expect({ fromUs, toUs, isTrue, sits }).toMatchObject({ isTrue: true });
      }
      const watched = overlapOf(history.coverage.spans("tmux", SOCKET), [window]);
      for (const sit of sits)
        for (const span of overlapOf(watched, [
          { fromUs: sit.fromUs + LOOK_US, toUs: Math.min(sit.toUs, endUs) },
        ])) {
          seen += 1;
          const isSeen = found.some(
            ({ fromUs, toUs }) => fromUs <= span.fromUs && (toUs ?? endUs) >= span.toUs,
          );
          expect({ span, isSeen, found }).toMatchObject({ isSeen: true });
        }
    }),
    process.env.PROPERTY_RUNS
      ? { numRuns: 10 * Number(process.env.PROPERTY_RUNS) }
      : { numRuns: 1000, seed: 5 },
  );
  expect(Math.min(told, seen)).toBeGreaterThan(0);
}, 600_000);

/** A look is taken with each turn of a story. */
const LOOK_US = 10_000;
