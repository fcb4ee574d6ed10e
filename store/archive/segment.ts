import { FleetError } from "../errors.ts";
import type { EventRow } from "../find-events.ts";
import type { Block } from "./block.ts";
import { decodeBlock } from "./block.ts";
import type { TakeBytes } from "./file-hash.ts";
import type { Seekable } from "./seekable.ts";
import { damaged, openSeekable } from "./seekable.ts";

/** What a file says that it is, in its first line. */
export const SEGMENT_FORMAT = "fleet.segment.v1";

/** The last line of a segment: what its blocks hold, so that a search opens only those that can matter. */
export interface Manifest {
  readonly format: typeof SEGMENT_FORMAT;
  readonly first_seq: number;
  readonly last_seq: number;
  /** The chain's digest (hex) before the first event, and after the last. */
  readonly previous: string;
  readonly digest: string;
  readonly blocks: readonly BlockEntry[];
}

export interface BlockEntry {
  readonly first_seq: number;
  readonly last_seq: number;
  readonly first_recorded_at: number;
  readonly last_recorded_at: number;
  readonly first_occurred_at: number;
  readonly last_occurred_at: number;
  /** Ids of the series that have events in it. */
  readonly series: readonly number[];
  /** The chain's digest after its last event. */
  readonly digest: string;
}

/** An archived stretch of the log, open for reading. */
export interface Segment {
  readonly manifest: Manifest;
  block(at: number): Block;
  /** The rows of a block; the last ones asked for are remembered. */
  rows(at: number): readonly EventRow[];
}

export function openSegment(path: string, take?: TakeBytes): Segment {
  const file = openSeekable(path, take);
  const manifest = manifestOf(file, path);
  let remembered: { at: number; rows: readonly EventRow[] } | null = null;
  const block = (at: number): Block => {
    // The first frame is the heading.
    const value = parsed<Block>(file.read(at + 1), path);
    const entry = manifest.blocks[at];
    if (value.first_seq !== entry?.first_seq || value.first_seq + value.events - 1 !== entry.last_seq)
      throw damaged(path, `part ${at + 1} holds other events than its list says`);
    return value;
  };
  return {
    manifest,
    block,
    rows(at) {
      if (remembered?.at !== at) remembered = { at, rows: decodeBlock(block(at)) };
      return remembered.rows;
    },
  };
}

function manifestOf(file: Seekable, path: string): Manifest {
  const { format } = parsed<{ format?: string }>(file.read(0), path);
  if (format !== SEGMENT_FORMAT)
    throw new FleetError("too-new", `${path} is of the format ${JSON.stringify(format)}`, {
      hint: "It was written by a newer fleet: update this one.",
    });
  const manifest = parsed<Manifest>(file.read(-1), path);
  if (manifest.blocks.length + 2 !== file.frames) throw damaged(path, "parts of it are missing");
  return manifest;
}

function parsed<T>(text: string, path: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw damaged(path, "a part of it is no JSON", error);
  }
}
