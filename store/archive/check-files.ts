import { statSync } from "node:fs";
import { storing } from "../failure.ts";
import { openForReading } from "../open.ts";
import { openArchive, type SegmentRow } from "./archive.ts";
import { isLost, type Lost, tellingWhatIsLost } from "./lost.ts";
import { damaged } from "./seekable.ts";

/** A file that the database lists, and what is wrong with it; null: it is there, of its size, and lists what it should hold. */
export interface CheckedFile {
  readonly segment: SegmentRow;
  readonly lost: Lost | null;
}

/** Looks at each file as far as that is quick: where it begins and ends. That every byte is as it was written is what `verify` says. */
export function checkFiles(path: string): CheckedFile[] {
  return storing(path, () => {
    const database = openForReading(path);
    try {
      const archive = openArchive(database);
      return archive.segments().map((segment) => ({ segment, lost: lostOf(archive, segment) }));
    } finally {
      database.close();
    }
  });
}

function lostOf(archive: ReturnType<typeof openArchive>, segment: SegmentRow): Lost | null {
  try {
    tellingWhatIsLost(segment, () => {
      archive.open(segment);
      const { size } = statSync(archive.pathOf(segment));
      if (size !== segment.bytes)
        throw damaged(archive.pathOf(segment), `it has ${size} bytes, not ${segment.bytes}`);
    });
    return null;
  } catch (error) {
    if (isLost(error)) return error;
    throw error;
  }
}
