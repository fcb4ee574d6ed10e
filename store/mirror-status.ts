import { storing } from "./failure.ts";
import type { MirrorState } from "./mirror-book.ts";
import { LETTERS, READ_STATE, stateOf } from "./mirror-rows.ts";
import { openForReading } from "./open.ts";

export interface DeadLetter {
  readonly no: number;
  readonly atUs: number;
  readonly status: number;
  readonly reason: string;
  readonly span: string;
}

export interface MirrorStatus extends MirrorState {
  /** Newest first. */
  readonly deadLetters: readonly DeadLetter[];
}

const SHOWN_LETTERS = 20;

/** What the mirror has written down, without being it; null: it never ran. */
export function readMirrorStatus(path: string, name: string): MirrorStatus | null {
  return storing(path, () => {
    const database = openForReading(path);
    try {
      const row = database.prepare(READ_STATE).get(name) as Parameters<typeof stateOf>[0] | undefined;
      if (row === undefined) return null;
      return {
        ...stateOf(row),
        deadLetters: database.prepare(LETTERS).all(name, SHOWN_LETTERS) as DeadLetter[],
      };
    } finally {
      database.close();
    }
  });
}
