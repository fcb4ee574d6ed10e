import { describe, expect, test } from "vitest";
import type { Collector, CollectorContext } from "../../collectors/collector.ts";
import { type NamedOutcome, sampleAll, supervise } from "../../collectors/supervise.ts";
import type { Source } from "../../store/events/envelope.ts";
import { type RecordingContext, recordingContext, until } from "../support/collecting.ts";

type Work = (context: CollectorContext, turn: number) => Promise<void>;

/** A collector that does this at each start, counted from 1. */
function collector(source: Source, work: Work): Collector & { turns: () => number } {
  let turns = 0;
  const run = (context: CollectorContext): Promise<void> => work(context, ++turns);
  return { source, sample: run, watch: run, turns: () => turns };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const quick = { firstBackoffMs: 5, maxBackoffMs: 20 };

function start(collectors: readonly Collector[], recorder = recordingContext()) {
  const controller = new AbortController();
  const { clock, emit, cursor } = recorder.context;
  const ended = supervise({ collectors, clock, emit, cursor, signal: controller.signal, ...quick });
  return {
    recorder,
    async stop(): Promise<number> {
      const abortedAt = performance.now();
      controller.abort();
      await ended;
      return performance.now() - abortedAt;
    },
  };
}

/** `started tmux /a`, in the order of the log. */
function said(recorder: RecordingContext): string[] {
  return recorder.events().map(({ type, payload }) => {
    const { source, scope, reason } = payload as { source: string; scope: string; reason?: string };
    return [type.replace("recorder.source.", ""), source, scope, reason].filter(Boolean).join(" ");
  });
}

describe("what a source could see goes into the log once per change", () => {
  test("and not at each look", async () => {
    const { recorder, stop } = start([
      collector("tmux", async ({ report, signal }) => {
        for (let look = 0; look < 5; look += 1) report("/a", { state: "observed" });
        for (let look = 0; look < 5; look += 1) report("/b", { state: "unavailable", reason: "no answer" });
        for (let look = 0; look < 5; look += 1) report("/a", { state: "unavailable", reason: "no answer" });
        for (let look = 0; look < 5; look += 1) report("/a", { state: "observed" });
        await untilAborted(signal);
      }),
    ]);
    await until("four events", () => recorder.events().length === 4);
    await stop();
    expect(said(recorder)).toEqual([
      "started tmux /a",
      "unavailable tmux /b no answer",
      "unavailable tmux /a no answer",
      "recovered tmux /a",
      "stopped tmux /a",
    ]);
    expect(recorder.events().every(({ source, agent }) => source === "recorder" && agent === null)).toBe(
      true,
    );
  });

  test("also when the log refused it the first time", async () => {
    const recorder = recordingContext();
    let full = true;
    const emit: CollectorContext["emit"] = (batch) => {
      if (full) throw new Error("disk full");
      return recorder.context.emit(batch);
    };
    const controller = new AbortController();
    const troubles: unknown[] = [];
    const ended = supervise({
      ...recorder.context,
      emit,
      signal: controller.signal,
      onTrouble: (error) => troubles.push(error),
      collectors: [
        collector("heartbeat", async ({ report, signal }) => {
          report("", { state: "observed" });
          full = false;
          report("", { state: "observed" });
          await untilAborted(signal);
        }),
      ],
    });
    await until("it is told", () => recorder.events().length > 0);
    controller.abort();
    await ended;
    expect(troubles).toHaveLength(1);
    expect(said(recorder)).toEqual(["started heartbeat", "stopped heartbeat"]);
  });
});

describe("a collector that fails", () => {
  test("is told with its reason, started again, and stops no other", async () => {
    const healthy = collector("systemd", async ({ report, signal }) => {
      report("", { state: "observed" });
      await untilAborted(signal);
    });
    const failing = collector("tmux", async ({ report, signal }, turn) => {
      report("/a", { state: "observed" });
      if (turn < 3) throw new Error(`fell at turn ${turn}`);
      await untilAborted(signal);
    });
    const { recorder, stop } = start([failing, healthy]);
    await until("the third start", () => failing.turns() === 3);
    await until(
      "its recovery",
      () => said(recorder).filter((line) => line === "recovered tmux /a").length === 2,
    );
    await stop();
    expect(healthy.turns()).toBe(1);
    expect(said(recorder).filter((line) => line.includes("tmux"))).toEqual([
      "started tmux /a",
      "unavailable tmux /a fell at turn 1",
      "recovered tmux /a",
      "unavailable tmux /a fell at turn 2",
      "recovered tmux /a",
      "stopped tmux /a",
    ]);
  });

  test("before it could name a scope is told as a whole, until it names one", async () => {
    const { recorder, stop } = start([
      collector("tmux", async ({ report, signal }, turn) => {
        if (turn === 1) throw new Error("no tmux on PATH");
        report("/a", { state: "observed" });
        await untilAborted(signal);
      }),
    ]);
    await until("the scope", () => said(recorder).includes("started tmux /a"));
    await stop();
    expect(said(recorder)).toEqual([
      "unavailable tmux no tmux on PATH",
      "stopped tmux",
      "started tmux /a",
      "stopped tmux /a",
    ]);
  });

  test("by ending of itself has failed as well", async () => {
    const ending = collector("journal", async ({ report }) => report("", { state: "observed" }));
    const { recorder, stop } = start([ending]);
    await until("two starts", () => ending.turns() >= 2);
    await stop();
    expect(said(recorder).slice(0, 2)).toEqual(["started journal", "unavailable journal it ended by itself"]);
  });

  test("is started less and less often", async () => {
    const starts: number[] = [];
    const failing = collector("tmux", async () => {
      starts.push(performance.now());
      throw new Error("always");
    });
    const recorder = recordingContext();
    const controller = new AbortController();
    const ended = supervise({
      ...recorder.context,
      collectors: [failing],
      signal: controller.signal,
      firstBackoffMs: 20,
      maxBackoffMs: 160,
    });
    await until("five starts", () => starts.length === 5);
    controller.abort();
    await ended;
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] as number));
    // With jitter each wait is 0.75 to 1.25 of 20, 40, 80, 160 ms; a busy machine can only lengthen them.
    for (const [index, least] of [15, 30, 60, 120].entries())
      expect(gaps[index]).toBeGreaterThanOrEqual(least - 2);
    expect(said(recorder)).toEqual(["unavailable tmux always"]);
  });
});

describe("once the log takes every source for unwatched", () => {
  /** Collectors that look when they are let, and what begins them anew. */
  function watching(work: Work) {
    const recorder = recordingContext();
    const controller = new AbortController();
    const begins: (() => void)[] = [];
    const one = collector("heartbeat", work);
    const ended = supervise({
      ...recorder.context,
      ...{ collectors: [one], signal: controller.signal, ...quick, firstBackoffMs: 60_000 },
      onUnwatched: (begin) => begins.push(begin),
    });
    const stop = async (): Promise<void> => {
      controller.abort();
      await ended;
    };
    const begin = (): void => {
      for (const each of begins) each();
    };
    return { one, recorder, stop, begin };
  }

  test("each looks anew before it is said to be watched, and a look from before says nothing", async () => {
    const gates: (() => void)[] = [];
    const { one, recorder, begin, stop } = watching(async ({ report, signal }, turn) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      report("", { state: "observed" });
      await untilAborted(signal);
      if (turn < 4) report("", { state: "unavailable", reason: "from before" });
    });
    await until("the first look", () => gates.length === 1);
    gates[0]?.();
    await until("it is told", () => recorder.events().length === 1);
    begin();
    await until("the second look", () => gates.length === 2);
    expect(one.turns()).toBe(2);
    expect(said(recorder)).toEqual(["started heartbeat"]);
    gates[1]?.();
    await until("it is told again", () => recorder.events().length === 2);
    // What is under way when it begins anew is from before as well.
    begin();
    await until("the third look", () => gates.length === 3);
    begin();
    gates[2]?.();
    await until("the fourth look", () => gates.length === 4);
    expect(said(recorder)).toEqual(["started heartbeat", "started heartbeat"]);
    gates[3]?.();
    await until("it is told once more", () => recorder.events().length === 3);
    await stop();
    expect(said(recorder)).toEqual([...Array(3).fill("started heartbeat"), "stopped heartbeat"]);
  });

  test("one that waits to be started again after a failure is started at once, and told again", async () => {
    const { one, recorder, begin, stop } = watching(async () => {
      throw new Error("no directory");
    });
    await until("it has failed", () => recorder.events().length === 1);
    begin();
    await until("it has failed again", () => recorder.events().length === 2);
    await stop();
    expect(one.turns()).toBe(2);
    expect(said(recorder)).toEqual(Array(2).fill("unavailable heartbeat no directory"));
  });
});

describe("on the signal", () => {
  test("every collector is waited for, then each watched scope is told as stopped", async () => {
    const settled: string[] = [];
    const slow = (source: Source): Collector =>
      collector(source, async ({ report, signal }) => {
        report("", { state: "observed" });
        await untilAborted(signal);
        await new Promise((resolve) => setTimeout(resolve, 30));
        settled.push(source);
      });
    const { recorder, stop } = start([slow("tmux"), slow("heartbeat")]);
    await until("both run", () => recorder.events().length === 2);
    await stop();
    expect(settled.sort()).toEqual(["heartbeat", "tmux"]);
    expect(said(recorder).slice(2).sort()).toEqual(["stopped heartbeat", "stopped tmux"]);
  });

  test("one that hangs holds the others up for less than a second, and says nothing afterwards", async () => {
    let late: (() => void) | undefined;
    const { recorder, stop } = start([
      collector("tmux", async ({ report }) => {
        report("", { state: "observed" });
        late = () => report("/late", { state: "observed" });
        await new Promise(() => {});
      }),
    ]);
    await until("it runs", () => late !== undefined);
    const took = await stop();
    expect(took).toBeGreaterThan(500);
    expect(took).toBeLessThan(5000);
    late?.();
    expect(said(recorder)).toEqual(["started tmux", "stopped tmux"]);
  });

  test("a wait for the next start is cut short", async () => {
    const recorder = recordingContext();
    const controller = new AbortController();
    const failing = collector("tmux", async () => {
      throw new Error("always");
    });
    const ended = supervise({ ...recorder.context, collectors: [failing], signal: controller.signal });
    await until("it has failed", () => recorder.events().length === 1);
    const abortedAt = performance.now();
    controller.abort();
    await ended;
    expect(performance.now() - abortedAt).toBeLessThan(500);
  });
});

describe("one look at everything", () => {
  const looks = (stages: readonly (readonly Collector[])[], deadlineMs = 5000): Promise<NamedOutcome[]> =>
    sampleAll(stages, recordingContext().context, deadlineMs);

  test("runs stage after stage, and within a stage side by side", async () => {
    const order: string[] = [];
    const step = (source: Source, waitMs: number): Collector =>
      collector(source, async ({ report }) => {
        order.push(`${source} begins`);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        order.push(`${source} ends`);
        report("", { state: "observed" });
      });
    const outcomes = await looks([
      [step("roster", 5)],
      [step("tmux", 40), step("systemd", 5)],
      [step("process", 1)],
    ]);
    expect(order).toEqual([
      "roster begins",
      "roster ends",
      "tmux begins",
      "systemd begins",
      "systemd ends",
      "tmux ends",
      "process begins",
      "process ends",
    ]);
    expect(outcomes.map(({ source, state }) => `${source} ${state}`)).toEqual([
      "roster observed",
      "tmux observed",
      "systemd observed",
      "process observed",
    ]);
  });

  test("keeps what was seen before a deadline or a fall, and says what was not", async () => {
    const hanging = collector("tmux", async ({ report }) => {
      report("/a", { state: "observed" });
      await new Promise(() => {});
    });
    const falling = collector("systemd", async () => {
      throw new Error("no bus");
    });
    const fine = collector("heartbeat", async ({ report }) => report("", { state: "observed" }));
    expect(await looks([[hanging, falling, fine]], 60)).toEqual([
      { source: "tmux", scope: "/a", state: "observed", reason: null },
      { source: "tmux", scope: "", state: "unavailable", reason: "no answer within 60 ms" },
      { source: "systemd", scope: "", state: "unavailable", reason: "no bus" },
      { source: "heartbeat", scope: "", state: "observed", reason: null },
    ]);
  });

  test("tells the one that is late by its signal", async () => {
    let aborted = false;
    await looks(
      [
        [
          collector("tmux", async ({ signal }) => {
            await untilAborted(signal);
            aborted = true;
          }),
        ],
      ],
      20,
    );
    expect(aborted).toBe(true);
  });
});
