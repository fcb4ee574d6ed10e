import fc from "fast-check";
import { expect, test } from "vitest";
import type { BeatFiles } from "../../../query/history/beat-checkpoint.ts";
import {
  allBeats,
  beatFilesThrough,
  beatsSince,
  wholeBeats,
} from "../../../query/history/beat-checkpoint.ts";
import type { BeatFile } from "../../../query/history/beat-timeline.ts";
import type { HeartbeatDocument } from "../../../query/planes/documents.ts";
import type { Checkpoint } from "../../../store/chronicle.ts";

const START_US = 1_780_272_000_000_000;

/** Each value is one of a few, so that two files often agree in it. */
const aDocument: fc.Arbitrary<HeartbeatDocument> = fc
  .record(
    {
      atUs: fc.integer({ min: -3, max: 3 }).map((s) => START_US + s * 1_000_000),
      precision: fc.constantFrom("s", "ms", "us"),
      beat: fc.record(
        {
          pid: fc.integer({ min: 1, max: 2 }),
          pidStart: fc.constantFrom(null, 5),
          status: fc.constantFrom("ok", "busy"),
          evidence: fc.constantFrom("hook", "sidecar"),
          extra: fc.dictionary(fc.constantFrom("task", "__proto__", "1"), fc.constantFrom("a", "b")),
          afterSetBack: fc.boolean(),
        },
        { requiredKeys: ["pid", "pidStart", "status", "evidence"] },
      ),
      statusSinceUs: fc.integer({ min: -3, max: 3 }).map((s) => START_US + s * 1_000_000),
      writerSinceUs: fc.constantFrom(START_US, START_US + 1),
      writerExitedAtUs: fc.constantFrom(null, START_US),
      removed: fc.boolean(),
      writerGoneByUs: fc.constant(START_US + 2),
      seq: fc.integer({ min: 1, max: 3 }),
      recordedAtUs: fc.integer({ min: -3, max: 3 }).map((us) => START_US + us),
    },
    {
      requiredKeys: [
        "atUs",
        "precision",
        "beat",
        "statusSinceUs",
        "writerSinceUs",
        "writerExitedAtUs",
        "removed",
        "seq",
        "recordedAtUs",
      ],
    },
  )
  .map((document) => document as HeartbeatDocument);
const aFile: fc.Arbitrary<BeatFile> = fc
  .tuple(
    fc.option(aDocument, { nil: undefined }),
    fc.constantFrom(true, true, true, false),
    fc.constantFrom(5, 15),
  )
  .map(([document, isOrdinary, intervalSeconds]) => {
    const seq = isOrdinary ? (document?.seq ?? 0) : 1;
    return { document, beatSeq: document?.seq ?? 0, content: seq, intervalSeconds };
  });
const files: fc.Arbitrary<BeatFiles> = fc
  .uniqueArray(fc.tuple(fc.constantFrom("a", "b", "7", "toString", "__proto__"), aFile), {
    selector: ([agent]) => agent,
  })
  .map((entries) => new Map(entries));

/** What is kept is read as JSON. */
const kept = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("files are read as they were, whatever has become of them since the checkpoint that holds them all", () => {
  fc.assert(
    fc.property(files, fc.array(files, { maxLength: 4 }), (first, later) => {
      const checkpoints: Checkpoint[] = [{ seq: 8, recordedAtUs: START_US, value: kept(allBeats(first)) }];
      const find = (throughSeq: number) => checkpoints.findLast(({ seq }) => seq <= throughSeq) ?? null;
      for (const now of later) {
        const whole = wholeBeats(find);
        if (whole === null) throw new Error("the first one holds them all");
        const at = { seq: whole.seq + 8 * checkpoints.length, recordedAtUs: START_US + checkpoints.length };
        checkpoints.push({ ...at, value: kept(beatsSince(whole, now, at)) });
      }
      for (const [n, expected] of [first, ...later].entries()) {
        const { seq } = checkpoints[n] as Checkpoint;
        const read = beatFilesThrough(find, seq + 7);
        expect(read.seq).toBe(seq);
        expect(kept([...read.files].sort())).toEqual(kept([...expected].sort()));
      }
      expect(beatFilesThrough(find, 7)).toEqual({ seq: 0, files: new Map() });
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) },
  );
});

test("an agent that beats on, busy or not, takes a few numbers", () => {
  const beat = { pid: 41, pidStart: 7000, status: "ok", evidence: "runtime" } as const;
  const fileAt = (seq: number, status: "ok" | "busy", statusSinceUs: number): BeatFile => ({
    document: {
      atUs: START_US + seq * 1_000_000,
      precision: "s",
      beat: { ...beat, status },
      statusSinceUs,
      writerSinceUs: START_US,
      writerExitedAtUs: null,
      removed: false,
      seq,
      recordedAtUs: START_US + seq * 1_000_000 + 5,
    },
    beatSeq: seq,
    content: seq,
    intervalSeconds: 15,
  });
  const c = fileAt(97, "ok", START_US);
  const before = [fileAt(99, "ok", START_US), fileAt(98, "ok", START_US), c] as const;
  const after = [fileAt(199, "ok", START_US), fileAt(198, "busy", START_US + 190_000_000), c] as const;
  const named = (files: readonly BeatFile[]): BeatFiles =>
    new Map(files.map((file, n) => [`agent${n}`, file]));
  const whole = { seq: 100, files: named(before) };
  const now = named(after);
  const at = { seq: 200, recordedAtUs: START_US + 200_000_000 };
  expect(beatsSince(whole, now, at)).toEqual({
    sinceSeq: 100,
    beaten: [
      [0, 1, 999_995, 5],
      [1, 2, 1_999_995, 5, 8_000_000, { status: "busy" }],
    ],
    files: [],
  });
});
