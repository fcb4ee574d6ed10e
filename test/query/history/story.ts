import type { History } from "../../../query/history/history.ts";
import { historyOf } from "../../../query/history/history.ts";
import { intervalAt } from "../../../query/history/intervals.ts";
import type { Past } from "../../../query/history/past.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import type { NewEvent } from "../../../store/events/envelope.ts";
import type { Snapshot } from "../../../store/events/snapshot.ts";
import type { FoldedLog } from "../../support/fold.ts";
import { createFoldedLog } from "../../support/fold.ts";
import {
  beatLook,
  paneSeen,
  rosterLook,
  SERVER,
  SOCKET,
  sampleTaken,
  tmuxLook,
} from "../../support/looks.ts";

export const S = 1_000_000;
export const T = 1_800_000_000_000_000;
export const HEARTBEATS = { source: "heartbeat", scope: "" };
export const TMUX = { source: "tmux", scope: SOCKET };
export const SYSTEMD = { source: "systemd", scope: "" };
export const PROCESSES = { source: "process", scope: "" };

/** A log that is written by hand, in seconds after T: coder0 is on the roster (interval 15 s) from the beginning. */
export interface Story {
  readonly log: FoldedLog;
  at(second: number): number;
  look(second: number, snapshot: Snapshot): void;
  tell(second: number, event: Pick<NewEvent, "type" | "payload"> & Partial<NewEvent>): void;
  /** A recorder starts: it looks, then says what it watches. */
  record(second: number, ...looks: Snapshot[]): void;
  stop(second: number): void;
  /** One look without a recorder, which covers what it looks at. */
  sample(second: number, ...looks: Snapshot[]): void;
  history(): History;
  /** All that may be asked, as of that second. */
  past(second: number): Past;
  /** Status and reason at each of these seconds. */
  statuses(...seconds: number[]): string[];
}

export function createStory(): Story {
  const log = createFoldedLog(T);
  const at = (second: number) => T + second * S;
  const tell: Story["tell"] = (second, event) => {
    log.nowUs = at(second);
    log.append({ agent: null, source: "recorder", occurredAtUs: at(second), precision: "us", ...event });
  };
  const look: Story["look"] = (second, snapshot) => {
    log.nowUs = at(second);
    log.look(snapshot);
  };
  const history = () => historyOf({ events: log.events });
  look(0, rosterLook(T, { coder0: {} }));
  return {
    log,
    at,
    look,
    tell,
    record(second, ...looks) {
      tell(second, { type: "recorder.started", payload: { pid: 1, pidStart: 1, bootId: "b", version: "1" } });
      for (const snapshot of looks) look(second, snapshot);
      for (const watched of [TMUX, SYSTEMD, HEARTBEATS, PROCESSES])
        tell(second, { type: "recorder.source.started", payload: watched });
    },
    stop: (second) => tell(second, { type: "recorder.stopped", payload: { pid: 1, reason: "SIGTERM" } }),
    sample(second, ...looks) {
      for (const snapshot of looks) look(second, snapshot);
      tell(second, sampleTaken(at(second), looks));
    },
    history,
    past: (second) =>
      pastOf({
        ...{ tenantId: "t", host: "h", events: log.events, logSeq: log.events.length },
        ...{ lapsedAtUs: null, nowUs: at(second) },
      }),
    statuses(...seconds) {
      const intervals = statusIntervals(history(), "coder0", { fromUs: T - 3600 * S, toUs: Infinity });
      return seconds.map((second) => {
        const found = intervalAt(intervals, at(second));
        return [found?.status ?? "off the roster", found?.reason].filter(Boolean).join(": ");
      });
    },
  };
}

/** A line of the spool, as tmux's hook wrote it. */
export function hookLine(
  atUs: number,
  hook: string,
  over: { session?: string; pane?: string; status?: number; server?: number },
) {
  const ids = { session: over.session ?? null, window: null, pane: over.pane ?? null, client: null };
  const payload = {
    socket: SOCKET,
    server: over.server ?? SERVER,
    n: 1,
    hook,
    ...ids,
    status: over.status ?? null,
    signal: null,
    name: null,
  };
  return {
    type: "tmux.hook.fired",
    agent: "coder0",
    source: "tmux-hook" as const,
    occurredAtUs: atUs,
    precision: "s" as const,
    payload,
  };
}

export function journalLine(
  atUs: number,
  what: string,
  jobType: string | null,
  bootId: string | null = null,
) {
  const none = {
    jobResult: null,
    exitCode: null,
    exitStatus: null,
    unitResult: null,
    restarts: null,
    invocationId: null,
    priority: null,
    message: null,
  };
  const payload = { unit: "mosaic-agent@coder0.service", what, jobType, bootId, ...none };
  return {
    type: "journal.unit.logged",
    agent: "coder0",
    source: "journal" as const,
    occurredAtUs: atUs,
    precision: "us" as const,
    payload,
  };
}

/** A story in which coder0 runs since 10, and a recorder has watched it and its beat since 15. */
export function createWatchedStory(): Story {
  const story = createStory();
  story.record(
    15,
    tmuxLook(story.at(15), [paneSeen("coder0", 1, { startedAtUs: story.at(10) })]),
    beatLook(story.at(15), "coder0", story.at(15)),
  );
  return story;
}
