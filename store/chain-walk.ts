import { batchDigest, canonicalLine, canonicalSeries } from "./chain.ts";
import { FleetError } from "./errors.ts";
import type { EventRow } from "./find-events.ts";
import type { openNames } from "./names.ts";

/** Where a walk along the chain has come to. */
export interface ChainEnd {
  readonly seq: number;
  readonly recordedAtUs: number;
  /** Hex, or the log's first id before the first batch. */
  readonly digest: string;
}

/** What is wrong: with the events from `fromSeq` to `toSeq`, or with the digest over them. */
export interface Broken {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly problem: string;
}

export interface ChainWalk {
  end(): ChainEnd;
  /** Takes the rows of one commit, which ends at `toSeq`, in as many pieces as they come; null: they are as they may be. */
  commit(toSeq: number, pieces: Iterable<readonly EventRow[]>): Broken | null;
}

/**
 * Computes the chain of digests from the rows, commit by commit, wherever the rows are; whoever walks compares. Every row has to be
 * there, to follow the one before in time, and to be one that a writer may have written.
 */
export function walkChain(names: ReturnType<typeof openNames>, from: ChainEnd): ChainWalk {
  let { seq, recordedAtUs, digest } = from;
  const written = new Map<number, string>();
  /** Series are few, and each commit begins with their names. */
  const canonicalOf = (seriesId: number): string => {
    let text = written.get(seriesId);
    if (text === undefined) {
      text = canonicalSeries(names.seriesOf(seriesId));
      written.set(seriesId, text);
    }
    return text;
  };
  return {
    end: () => ({ seq, recordedAtUs, digest }),
    commit(toSeq, pieces) {
      const firstSeq = seq + 1;
      const afterUs = recordedAtUs;
      const lines = startLines(names, canonicalOf);
      for (const rows of pieces) {
        for (const row of rows) {
          if (row[0] !== seq + 1) return { fromSeq: seq + 1, toSeq: row[0] - 1, problem: "missing" };
          const odd = lines.add(row, recordedAtUs);
          if (odd !== null) return { fromSeq: row[0], toSeq: row[0], problem: odd };
          if (row[2] <= recordedAtUs)
            return { fromSeq: firstSeq, toSeq, problem: `recorded_at goes back at #${row[0]}` };
          [seq, , recordedAtUs] = row;
        }
      }
      if (seq !== toSeq) return { fromSeq: seq + 1, toSeq, problem: "missing" };
      digest = batchDigest({ previous: digest, firstSeq, afterUs }, lines.text()).toString("hex");
      return null;
    },
  };
}

/** One batch's lines as they are hashed; `add` says what is wrong with a row that no writer has written so. */
function startLines(names: ReturnType<typeof openNames>, canonicalOf: (seriesId: number) => string) {
  const numbers = new Map<number, number>();
  let lines = "";
  return {
    add([, seriesId, recordedAtUs, lag, payload, originId, originSeq]: EventRow, previousUs: number) {
      try {
        const number = numbers.get(seriesId);
        if (number === undefined) numbers.set(seriesId, numbers.size);
        const series = number ?? canonicalOf(seriesId);
        if (originId !== null) lines += `@${names.originOf(originId)}:${originSeq} `;
        lines += canonicalLine(recordedAtUs - previousUs, lag, series, names.textOf(payload));
        names.checkJson(payload);
        return null;
      } catch (error) {
        if (error instanceof FleetError) return error.message.replace(/^the log is damaged: /, "");
        throw error;
      }
    },
    text: () => lines,
  };
}
