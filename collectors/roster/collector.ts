import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { RosterSnapshot } from "../../store/events/snapshot.ts";
import type { Collector, CollectorContext } from "../collector.ts";
import { watchDirectory } from "../directory-watch.ts";
import { createWake } from "../wake.ts";
import { declarationsOf, type RosterEnvironment } from "./declarations.ts";
import { MAX_ROSTER_BYTES, type ParsedRoster, parseRoster } from "./parse.ts";

export interface RosterOptions {
  readonly path: string;
  readonly environment: RosterEnvironment;
  /** How often the file is looked at, whatever the wake-ups said. */
  readonly sweepMs?: number;
}

/** An editor that truncates and then writes has finished within this. */
const HALF_WRITTEN_MS = 50;

/** roster.yaml as snapshots. The file is parsed when its bytes have changed; a refused one leaves the last good one in force. */
export function createRosterCollector({ path, environment, sweepMs = 5000 }: RosterOptions): Collector {
  const look = createLook(path, environment);
  return {
    source: "roster",
    async sample(context) {
      await look(context);
    },
    async watch(context) {
      const wake = createWake(context.signal);
      const watcher = watchDirectory({
        directory: dirname(path),
        accepts: (name) => name === basename(path),
        onChange: () => wake.ring(),
        onTrouble: () => wake.ring(),
      });
      try {
        while (!context.signal.aborted) {
          watcher.follow(await look(context));
          await wake.wait(sweepMs);
        }
      } finally {
        await watcher.close();
      }
    },
  };
}

interface Bytes {
  readonly text: string;
  readonly digest: string;
}

/** Looks at the file; returns what its directory is, so that a directory made anew is watched anew. */
function createLook(
  path: string,
  environment: RosterEnvironment,
): (context: CollectorContext) => Promise<string | null> {
  let parsed: { readonly digest: string; readonly roster: ParsedRoster } | null = null;
  return async ({ clock, emit, report }) => {
    const begunAtUs = clock.nowUs();
    const found = await readBounded(path);
    if (found === "unreadable") {
      report("", { state: "unavailable", reason: `${path} cannot be read` });
      return directoryOf(path);
    }
    if (found !== null && parsed?.digest !== found.digest) {
      let roster = parseRoster(found.text);
      let { digest } = found;
      if (!roster.ok) {
        // A file caught between truncation and its new text is no verdict on the roster.
        await new Promise((resolve) => setTimeout(resolve, HALF_WRITTEN_MS));
        const again = await readBounded(path);
        if (again !== null && again !== "unreadable" && again.digest !== digest) {
          roster = parseRoster(again.text);
          digest = again.digest;
        }
      }
      parsed = { digest, roster };
    }
    if (found === null) parsed = null;
    const look = { source: "roster", scope: "", begunAtUs, endedAtUs: clock.nowUs() } as const;
    emit({ source: "roster", snapshot: { ...look, ...contentOf(path, parsed, environment) } });
    report("", { state: "observed" });
    return directoryOf(path);
  };
}

function contentOf(
  path: string,
  parsed: { readonly digest: string; readonly roster: ParsedRoster } | null,
  environment: RosterEnvironment,
): Pick<RosterSnapshot, "file" | "agents"> {
  if (parsed === null) return { file: { state: "missing", path }, agents: [] };
  const { digest, roster } = parsed;
  if (roster.ok)
    return { file: { state: "accepted", path, digest }, agents: declarationsOf(roster.roster, environment) };
  const { line, value, expected } = roster;
  return { file: { state: "rejected", path, digest, line, value, expected }, agents: [] };
}

/** The file's text, null when it is not there. One byte too many is read of a file that is too large, so that it is refused as such. */
async function readBounded(path: string): Promise<Bytes | "unreadable" | null> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // A FIFO of that name must not hold the recorder up.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? null : "unreadable";
  }
  try {
    if (!(await file.stat()).isFile()) return "unreadable";
    const buffer = Buffer.alloc(MAX_ROSTER_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const bytes = buffer.subarray(0, length);
    return { text: bytes.toString("utf8"), digest: createHash("sha256").update(bytes).digest("hex") };
  } catch {
    return "unreadable";
  } finally {
    await file.close();
  }
}

async function directoryOf(path: string): Promise<string | null> {
  const found = await stat(dirname(path)).catch(() => null);
  return found === null ? null : `${found.dev}:${found.ino}`;
}
