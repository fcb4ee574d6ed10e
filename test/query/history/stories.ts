import fc from "fast-check";

/** What may happen in the world of `world.ts`, and stories of it that are made at random. */
export const AGENTS = ["a0", "a1"] as const;
export const SOURCES = ["tmux", "systemd", "heartbeat"] as const;
export type Watched = (typeof SOURCES)[number];

export type Op =
  | { readonly kind: "start" | "respawn"; readonly agent: number; readonly hook?: boolean }
  | {
      readonly kind: "end";
      readonly agent: number;
      readonly remain: boolean;
      readonly status: number | null;
      readonly dated: boolean;
      readonly hook: boolean;
    }
  | { readonly kind: "close" | "close-twice"; readonly agent: number; readonly hook: boolean }
  | {
      /** A whole life of which hooks tell, and which no look need see; its dead pane remains for a while, or until its server goes. */
      readonly kind: "come-and-go";
      readonly agent: number;
      readonly apartMs: number;
      readonly status: number;
      readonly closes: boolean;
      /** Another pane is made beside it, and ends first: the only one that does, or not. */
      readonly beside: "none" | "too" | "only";
    }
  | { readonly kind: "attach"; readonly agent: number; readonly client: number; readonly hook: boolean }
  | { readonly kind: "detach"; readonly client: number; readonly hook: boolean }
  | { readonly kind: "kill-server" | "recover" | "deliver" | "record" | "sample" }
  /** A recorder says that it watches heartbeats a moment before it looks at them, as one that had stood still once did. */
  | { readonly kind: "record-hastily" }
  | { readonly kind: "suspend" | "wait" | "restart-manager" | "holder-fails"; readonly forMs: number }
  | {
      readonly kind: "reboot";
      readonly forMs: number;
      /** Whether it tells of the user managers: never, of both, of the next one after a power cut, or of that one and that lines are lost. */
      readonly journal: "silent" | "kept" | "cut" | "lost";
    }
  | { readonly kind: "beat"; readonly agent: number; readonly status: string; readonly aheadMs: number }
  /** A process that has beaten in an earlier life of the agent, and outlived its pane, writes the file. */
  | { readonly kind: "outlived-beats"; readonly agent: number; readonly status: string }
  | { readonly kind: "writer-exits" | "unlink"; readonly agent: number }
  | {
      readonly kind: "unit";
      readonly agent: number;
      readonly to: "active" | "inactive" | "failed";
      readonly job: boolean | "restart";
      readonly dated: boolean;
    }
  | {
      readonly kind: "roster";
      readonly agent: number;
      readonly intervalMs: number | null;
      readonly lifecycle: "always" | "ephemeral";
      readonly expected: boolean;
    }
  | {
      /** systemd stops it, and the state of its unit is seen while it does; the journal tells of that job, or does not. */
      readonly kind: "unit-stops";
      readonly agent: number;
      readonly told: boolean;
      readonly restarts: boolean;
      readonly hook: boolean;
    }
  | { readonly kind: "verb"; readonly agent: number; readonly verb: "start" | "stop" | "restart" }
  | {
      /** Somebody starts it, once or twice, and no hook tells what came of it. */
      readonly kind: "started-unseen";
      readonly agent: number;
      readonly by: "job" | "verb";
      readonly times: number;
      readonly apartMs: number;
      readonly stopped: boolean;
      readonly stays: boolean;
    }
  | {
      readonly kind: "wished-end";
      readonly agent: number;
      readonly wish: "stop" | "restart" | "job" | "restart-job";
      /** Before it ends, or of one that has just ended. */
      readonly before: boolean;
      readonly apartMs: number;
      readonly remain: boolean;
      readonly status: number | null;
      readonly dated: boolean;
      readonly hook: boolean;
    }
  | { readonly kind: "stop-recording"; readonly told: boolean; readonly aliveMs: number }
  | { readonly kind: "unavailable"; readonly source: Watched }
  | { readonly kind: "step"; readonly byMs: number }
  | { readonly kind: "adopt"; readonly version: number; readonly agoMs: number };

export interface Turn {
  readonly afterMs: number;
  readonly op: Op;
}

const agent = fc.nat({ max: AGENTS.length - 1 });
const hook = fc.boolean();
const forMs = fc.integer({ min: 1, max: 25 });
const simple = <K extends "kill-server" | "recover" | "deliver" | "record" | "record-hastily" | "sample">(
  kind: K,
) => fc.constant({ kind });
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("start" as const), agent, hook }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("respawn" as const), agent }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      agent,
      remain: fc.boolean(),
      status: fc.constantFrom(0, 1, null),
      dated: fc.boolean(),
      hook,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("close" as const, "close-twice" as const), agent, hook }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("come-and-go" as const),
      agent,
      apartMs: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 300, max: 700 })),
      status: fc.constantFrom(0, 1),
      closes: fc.boolean(),
      beside: fc.constantFrom("none" as const, "none" as const, "too" as const, "only" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("attach" as const), agent, client: fc.nat({ max: 1 }), hook }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("detach" as const), client: fc.nat({ max: 1 }), hook }),
  },
  { weight: 1, arbitrary: simple("kill-server") },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reboot" as const),
      forMs,
      journal: fc.constantFrom("silent" as const, "kept" as const, "cut" as const, "lost" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("suspend" as const), forMs }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("restart-manager" as const), forMs }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("holder-fails" as const),
      forMs: fc.integer({ min: 0, max: 9 }),
    }),
  },
  // Into another second: tmux and its hooks tell ends by theirs.
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), forMs: fc.integer({ min: 500, max: 1500 }) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("beat" as const),
      agent,
      status: fc.constantFrom("ok", "busy", "waiting"),
      aheadMs: fc.oneof(
        { weight: 8, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: -20, max: 60 }) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("outlived-beats" as const),
      agent,
      status: fc.constantFrom("ok", "busy"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("writer-exits" as const, "unlink" as const), agent }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("unit" as const),
      agent,
      to: fc.constantFrom("active" as const, "inactive" as const, "failed" as const),
      job: fc.constantFrom(true, false, "restart" as const),
      dated: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("roster" as const),
      agent,
      intervalMs: fc.constantFrom(null, 3, 5, 8),
      lifecycle: fc.constantFrom("always" as const, "ephemeral" as const),
      expected: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("unit-stops" as const),
      agent,
      told: fc.boolean(),
      restarts: fc.boolean(),
      hook,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("verb" as const),
      agent,
      verb: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("started-unseen" as const),
      agent,
      by: fc.constantFrom("job" as const, "verb" as const),
      times: fc.integer({ min: 1, max: 2 }),
      apartMs: fc.integer({ min: 0, max: 9 }),
      stopped: fc.boolean(),
      stays: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("wished-end" as const),
      agent,
      wish: fc.constantFrom("stop" as const, "restart" as const, "job" as const, "restart-job" as const),
      before: fc.boolean(),
      apartMs: fc.integer({ min: 0, max: 12 }),
      remain: fc.boolean(),
      status: fc.constantFrom(0, 1, null),
      dated: fc.boolean(),
      hook,
    }),
  },
  { weight: 5, arbitrary: simple("record") },
  { weight: 2, arbitrary: simple("record-hastily") },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("stop-recording" as const),
      told: fc.boolean(),
      aliveMs: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("unavailable" as const), source: fc.constantFrom(...SOURCES) }),
  },
  { weight: 2, arbitrary: simple("recover") },
  { weight: 3, arbitrary: simple("sample") },
  { weight: 2, arbitrary: simple("deliver") },
);
const anyStep: fc.Arbitrary<Op> = fc.record({
  kind: fc.constant("step" as const),
  byMs: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: -30, max: -1 })),
});

const turns = (op: fc.Arbitrary<Op>) =>
  fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 9 }), op }), { minLength: 4, maxLength: 32 });

/** One gap in which much happens: both agents were seen, nobody looks for a while, and then somebody does. */
const unwatched = new Set<Op["kind"]>([
  ...([
    "start",
    "end",
    "close",
    "come-and-go",
    "started-unseen",
    "wished-end",
    "kill-server",
    "holder-fails",
  ] as const),
  ...(["beat", "outlived-beats", "writer-exits", "unit", "verb", "reboot", "wait", "deliver"] as const),
]);
export const anyStoryOfAGap = fc
  .record({
    before: fc.array(
      fc
        .record({ afterMs: fc.integer({ min: 1, max: 9 }), op: anyOp })
        .filter(({ op }) => op.kind !== "record"),
      { maxLength: 4 },
    ),
    within: fc.array(
      fc.record({
        afterMs: fc.integer({ min: 1, max: 9 }),
        op: anyOp.filter(({ kind }) => unwatched.has(kind)),
      }),
      { minLength: 2, maxLength: 14 },
    ),
    found: fc.record({
      afterMs: fc.integer({ min: 1, max: 9 }),
      op: fc.oneof(simple("record"), simple("record-hastily"), simple("sample")),
    }),
    after: fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 9 }), op: anyOp }), { maxLength: 6 }),
  })
  .map(({ before, within, found, after }): Turn[] => [
    { afterMs: 1, op: { kind: "start", agent: 0, hook: true } },
    { afterMs: 1, op: { kind: "start", agent: 1, hook: true } },
    { afterMs: 1, op: { kind: "record" } },
    ...before,
    { afterMs: 1, op: { kind: "stop-recording", told: true, aliveMs: 0 } },
    ...within,
    found,
    ...after,
  ]);
export const anyStory = fc.oneof(
  { weight: 2, arbitrary: turns(anyOp) },
  { weight: 1, arbitrary: anyStoryOfAGap },
);
export const anyStoryWithSteps = turns(
  fc.oneof({ weight: 12, arbitrary: anyOp }, { weight: 1, arbitrary: anyStep }),
);

const anyAdoption: fc.Arbitrary<Op> = fc.record({
  kind: fc.constant("adopt" as const),
  version: fc.constantFrom(1, 2),
  agoMs: fc.integer({ min: 0, max: 60 }),
});
export const anyStoryWithRules = turns(
  fc.oneof(
    { weight: 12, arbitrary: anyOp },
    { weight: 1, arbitrary: anyStep },
    { weight: 2, arbitrary: anyAdoption },
  ),
);

/** A story long enough to be interrupted. */
export const longStory = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1, max: 9 }),
    op: fc.oneof({ weight: 12, arbitrary: anyOp }, anyStep),
  }),
  {
    minLength: 120,
    maxLength: 120,
  },
);
