import { ATTACH_EVENTS, lostAttaches } from "../../agents/lost-attach.ts";
import { readBootClock, readProcess, startedAtUs } from "../../collectors/proc/stat.ts";
import { documentsOf } from "../../query/planes/documents.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { openReader, type Reader } from "../../store/reader.ts";
import type { OwnLog } from "../own-log.ts";
import { hasNews, recentOf } from "./recent-events.ts";

/** Tells that a person has left whose `fleet attach` was killed. */
export interface LostAttaches {
  look(): void;
  close(): void;
}

/** An attach that has not been missed in so long is not looked for any more. */
const GIVE_UP_US = 30 * 24 * 3600 * 1_000_000;
/** A start is known to a tick, and the two clocks are read one after the other. */
const SLACK_US = 2_000_000;

export function createLostAttaches({ log, here, identity, clock }: OwnLog): LostAttaches {
  let reader: Reader | null = null;
  let readUpTo = -1;
  let told: StoredEvent[] = [];

  /** The events are read again only when one of them has come. */
  const refresh = (nowUs: number): void => {
    const lastSeq = log.lastSeq();
    if (lastSeq === readUpTo) return;
    reader ??= openReader(here.places.database);
    const { tenantId, host } = identity;
    const attaches = { tenantId, host, types: ATTACH_EVENTS };
    if (hasNews(reader, attaches, readUpTo)) told = recentOf(reader, attaches, nowUs - GIVE_UP_US);
    readUpTo = lastSeq;
  };
  const lives = (pid: number, atUs: number): boolean => {
    const found = readProcess(pid);
    if (found === null || found.state === "Z") return false;
    return startedAtUs(found.startTicks, readBootClock(clock.nowUs())) <= atUs + SLACK_US;
  };
  const isJoined = (agent: string, terminal: string): boolean =>
    [...documentsOf(log.documents(), "client")].some(
      ([, { payload }]) => payload.name === agent && payload.client === terminal,
    );
  return {
    look() {
      const nowUs = Math.floor(clock.nowUs());
      refresh(nowUs);
      if (!told.some(({ type }) => type === "operator.attached")) return;
      const lost = lostAttaches(told, { lives, isJoined, nowUs });
      if (lost.length > 0) log.append({ source: "operator", events: lost });
    },
    close: () => reader?.close(),
  };
}
