import type { Database } from "better-sqlite3";
import type { Checkpoint, CheckpointForm, ChronicleTables } from "./chronicle.ts";
import { prepared } from "./prepared.ts";

type CheckpointRow = [seq: number, recordedAtUs: number, value: Buffer];

/** Most questions need none that is deflated: 5 to 15 ms of each start. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** What a checkpoint holds is small: a window of 8 KB finds as much in it as a larger one, in half of the time. */
const DEFLATING = { level: 2, windowBits: 13, memLevel: 6, chunkSize: 2048 };
/** What zlib writes first for a window of that size. It begins no JSON. */
const DEFLATED = 0x58;
/** A buffer for each text would be freed when the whole heap is gone through: 20 bytes for each event of a rebuild until then. */
let plain = Buffer.alloc(0);

/** A buffer that holds until the next one is asked for: it is to be bound at once. */
export function checkpointBlob(value: unknown, form: CheckpointForm): Buffer {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > plain.length) plain = Buffer.allocUnsafeSlow(bytes * 2);
  plain.write(text);
  const blob = plain.subarray(0, bytes);
  return form === "plain" ? blob : zlib().deflateSync(blob, DEFLATING);
}

export function checkpointOf([seq, recordedAtUs, value]: CheckpointRow): Checkpoint {
  const text = value[0] === DEFLATED ? zlib().inflateSync(value) : value;
  return { seq, recordedAtUs, value: JSON.parse(text.toString()) };
}

/** The checkpoints of one partition, in the table of this name. */
export function openCheckpoints(
  database: Database,
  partitionId: number,
  table = "checkpoints",
): Pick<ChronicleTables, "checkpoint" | "lastCheckpoint"> {
  const add = prepared(
    database,
    `INSERT INTO ${table} (partition_id, kind, seq, recorded_at, value) VALUES (?, ?, ?, ?, ?)`,
  );
  const find = prepared(
    database,
    `SELECT seq, recorded_at, value FROM ${table} WHERE partition_id = ? AND kind = ? AND seq <= ?
     ORDER BY seq DESC LIMIT 1`,
    "raw",
  );
  return {
    checkpoint(kind, { seq, recordedAtUs, value }, form) {
      add().run(partitionId, kind, seq, recordedAtUs, checkpointBlob(value, form));
    },
    lastCheckpoint(kind, throughSeq) {
      const through = Math.min(throughSeq, Number.MAX_SAFE_INTEGER);
      const row = find().get(partitionId, kind, through) as CheckpointRow | undefined;
      return row ? checkpointOf(row) : null;
    },
  };
}
