import { FleetError } from "../errors.ts";
import type { SegmentRow } from "./archive.ts";

/** Which stretch of the log a file holds: the database knows that of every file, also of one that is lost. */
type Stretch = Pick<SegmentRow, "firstSeq" | "lastSeq" | "firstRecordedAtUs" | "lastRecordedAtUs">;

/**
 * A file of the archive that is not there, may not be read, or is harmed is nobody's wrong answer: whoever needs what lies in it is told which
 * file, and which time, is unknown. Its own kind of error, for all else is as it was, and the recorder goes on.
 */
export function tellingWhatIsLost<T>(stretch: Stretch, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FleetError) || (error.kind !== "corrupt" && error.kind !== "too-new")) throw error;
    const lost = new FleetError("archive", `${error.message}; ${whatIsUnknown(stretch)}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
    throw Object.assign(lost, { throughSeq: stretch.lastSeq });
  }
}

/** What a file says; `lost`, where it cannot be read. */
export function unlessLost<T>(read: () => T, lost: T): T {
  try {
    return read();
  } catch (error) {
    if (isLost(error)) return lost;
    throw error;
  }
}

export type Lost = FleetError & { readonly throughSeq: number };

/** By its words, since each bundle has a class of its own. */
export function isLost(error: unknown): error is Lost {
  return error instanceof Error && error.name === "FleetError" && (error as FleetError).kind === "archive";
}

/** What is read after the last file that is lost, and why it is not all; `read` is given from which place on. */
export function readAfterLost<T>(read: (afterSeq: number) => T): {
  readonly found: T;
  readonly lost: Lost | null;
} {
  let lost: Lost | null = null;
  for (let afterSeq = 0; ; ) {
    try {
      return { found: read(afterSeq), lost };
    } catch (error) {
      if (!isLost(error) || error.throughSeq <= afterSeq) throw error;
      lost = error;
      afterSeq = error.throughSeq;
    }
  }
}

/** In UTC, as the names of the files are. */
export function whatIsUnknown({ firstSeq, lastSeq, firstRecordedAtUs, lastRecordedAtUs }: Stretch): string {
  const [from, to] = [minuteOf(firstRecordedAtUs), minuteOf(lastRecordedAtUs)];
  return `what was recorded from ${from} to ${to} UTC (#${firstSeq} to #${lastSeq}) cannot be told`;
}

function minuteOf(us: number): string {
  return new Date(us / 1000).toISOString().slice(0, 16).replace("T", " ");
}
