import { judgeBeat } from "../../../query/beat.ts";
import type { HeartbeatDocument } from "../../../query/planes/documents.ts";
import type { Verdict } from "../../../query/verdict.ts";
import { judge } from "../../../query/verdict.ts";
import type { Evidence } from "../../../query/weighed.ts";
import type { EventType, PayloadOf } from "../../../store/events/catalogue.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { SOCKET } from "../../support/looks.ts";

/**
 * The slow, obviously correct judge: for one moment it reads the whole list of events and puts the evidence together straight
 * from the contract's sentences. It shares nothing with the timelines but the two judges themselves. It knows one socket
 * and sessions of one pane, which is what the generated worlds hold.
 */
export interface Reference {
  /** The verdict at a moment; null when the agent was not on the roster. */
  at(agent: string, atUs: number): Verdict | null;
  /** The same of a session that no roster names; null when it is known not to be there, or only hooks told of it. */
  sighting(agent: string, atUs: number): Verdict | null;
  /** What is known then of its own pane. */
  pane(agent: string, atUs: number): Evidence["pane"];
}

interface Word {
  readonly effectUs: number;
  readonly seq: number;
  readonly state: "alive" | "dead" | "closed";
  readonly server: number;
  readonly session: string;
  readonly pane: string;
  readonly pid: number;
  readonly start: number | null;
  readonly startedAtUs: number | null;
  readonly status: number | null;
  readonly signal: number | null;
  /** Where in the log this life was first told of. */
  readonly bornSeq: number;
  readonly atUs: number;
  readonly datedByTmux: boolean;
  /** When its process was told to have ended, whatever became of the pane. */
  readonly diedAtUs: number | null;
  /** tmux and its hooks tell an end in whole seconds: by when it had ended at the latest. Null: by the time that was told. */
  readonly endedByUs: number | null;
  /** Only hooks told of it, and none of its end. */
  readonly unseenEnd?: boolean;
  /** The same, and that it had begun by then. */
  readonly begunByUs?: number;
}

interface ServerWord {
  readonly seq: number;
  readonly effectUs: number;
  readonly up: boolean;
  readonly pid: number;
}

interface Seen {
  readonly pane: Evidence["pane"];
  readonly own: Word | undefined;
  /** From then on the last beat of this life vouches for nothing. */
  voidFromUs?: number;
}

type Known = Extract<Evidence["pane"], { known: true }>;

export function createReference(events: readonly StoredEvent[], lapsedAtUs: number | null = null): Reference {
  const payload = <T extends EventType>(event: StoredEvent, _type: T) => event.payload as PayloadOf<T>;
  const all = (...types: string[]) => events.filter((event) => types.includes(event.type));

  // --- time ---
  const ownWords = events.filter((event) => event.source === "recorder");
  /** What is recorded has happened, also by the time of whatever the recorder says of itself afterwards. */
  const happened = (event: StoredEvent, statedUs = event.occurredAtUs): number =>
    Math.min(
      statedUs,
      event.recordedAtUs,
      ...ownWords.filter((word) => word.seq > event.seq).map((word) => word.occurredAtUs),
    );
  const found = (event: StoredEvent): number => happened(event, Infinity);
  /** When that was which was stated at one place of the log, by the clock of a later place. */
  const byClockOf = (statedUs: number, seq: number, later: number): number =>
    Math.min(
      statedUs,
      ...ownWords.filter((word) => seq < word.seq && word.seq < later).map((word) => word.occurredAtUs),
    );
  const unlived = all("recorder.suspended", "recorder.clock.stepped").flatMap((event) => {
    const span = (fromUs: number, toUs: number) => [
      { fromUs: happened(event, fromUs), toUs: happened(event, toUs), resumedAtUs: toUs },
    ];
    if (event.type === "recorder.suspended") {
      const { fromUs, toUs } = payload(event, "recorder.suspended");
      return span(fromUs, toUs);
    }
    const { byMs } = payload(event, "recorder.clock.stepped");
    return byMs > 0 ? span(event.occurredAtUs - byMs * 1000, event.occurredAtUs) : [];
  });
  /** The last one in the order of the log that had happened by then. */
  const newest = <T extends { effectUs: number }>(words: readonly T[], atUs: number): T | undefined =>
    words.filter((word) => word.effectUs <= atUs).at(-1);

  // --- coverage ---
  const sourceWords = (source: string, scope: string) =>
    events.flatMap((event) => {
      if (event.type === "recorder.stopped")
        return [{ effectUs: happened(event), watched: false, all: true }];
      if (event.type === "recorder.lapsed") {
        const { lastAliveUs } = payload(event, "recorder.lapsed");
        return [{ effectUs: happened(event, lastAliveUs), watched: false, all: true }];
      }
      if (!event.type.startsWith("recorder.source.")) return [];
      const about = payload(event, "recorder.source.started");
      if (about.source !== source || about.scope !== scope) return [];
      const watched = event.type === "recorder.source.started" || event.type === "recorder.source.recovered";
      return [{ effectUs: happened(event), watched, all: false }];
    });
  const words = new Map(
    ["tmux", "systemd", "heartbeat"].map((source) => [source, sourceWords(source, scopeOf(source))]),
  );
  const samples = all("recorder.sample.taken")
    .filter((event) => happened(event) === event.occurredAtUs)
    .map((event) => ({
      atUs: happened(event),
      sources: payload(event, "recorder.sample.taken").sources,
    }));
  const isCovered = (source: string, atUs: number): boolean => {
    const sampled = samples.some(
      (sample) =>
        sample.atUs === atUs &&
        sample.sources.some((each) => each.source === source && each.state === "observed"),
    );
    if (sampled) return true;
    if (lapsedAtUs !== null && atUs >= lapsedAtUs) return false;
    if (unlived.some(({ fromUs, toUs }) => fromUs <= atUs && atUs < toUs)) return false;
    return newest(words.get(source) ?? [], atUs)?.watched ?? false;
  };
  /** Coverage changes at these moments only. */
  const edges = [
    ...new Set([
      ...[...words.values()].flat().map((word) => word.effectUs),
      ...samples.flatMap(({ atUs }) => [atUs, atUs + 1]),
      ...unlived.flatMap(({ fromUs, toUs }) => [fromUs, toUs]),
      ...(lapsedAtUs === null ? [] : [lapsedAtUs]),
    ]),
  ].sort((a, b) => a - b);
  const covered = new Map(
    [...words.keys()].map((source) => [source, edges.map((atUs) => isCovered(source, atUs))] as const),
  );
  /** The gap around an uncovered moment. */
  const gapAround = (source: string, atUs: number): { fromUs: number; toUs: number } => {
    const is = covered.get(source) ?? [];
    const index = edges.findLastIndex((edge) => edge <= atUs);
    let from = index;
    while (from >= 0 && !is[from]) from--;
    let to = index + 1;
    while (to < edges.length && !is[to]) to++;
    return {
      fromUs: edges[from + 1] !== undefined && from >= 0 ? (edges[from + 1] as number) : -Infinity,
      toUs: edges[to] ?? Infinity,
    };
  };

  /** Since when a covered moment's source has been watched without a break. */
  const watchedFrom = (source: string, atUs: number): number => {
    const is = covered.get(source) ?? [];
    let index = edges.findLastIndex((edge) => edge <= atUs);
    while (index > 0 && is[index - 1]) index--;
    return edges[index] ?? -Infinity;
  };

  // --- tmux ---
  /**
   * A death that is told in whole seconds lies in its second, and not before what was seen of its life: its start, and the look that found its server.
   * The first word of it stands.
   */
  const diedFrom = (told: StoredEvent): number => {
    const { pane, pid, server } = payload(told, "tmux.pane.died");
    const isItsPane = (event: StoredEvent) =>
      event.seq < told.seq &&
      payload(event, "tmux.pane.died").pane === pane &&
      payload(event, "tmux.pane.died").server === server;
    const born = all("tmux.pane.created", "tmux.pane.respawned").findLast(isItsPane);
    const isFirst = (event: StoredEvent) => isItsPane(event) && event.seq > (born?.seq ?? 0);
    const event = all("tmux.pane.died").find(
      (each) => isFirst(each) && payload(each, "tmux.pane.died").pid === pid,
    );
    const first = event ?? told;
    const byUs = endedBy(first);
    const startedAtUs = born && payload(born, "tmux.pane.created").startedAtUs;
    // Who was dead when a look first found it had no process whose start could be read.
    if (byUs === null || !born || typeof startedAtUs !== "number") return first.occurredAtUs;
    const lived = [byClockOf(startedAtUs, born.seq, first.seq)];
    const found = all("tmux.server.appeared", "tmux.server.vanished").findLast(({ seq }) => seq < first.seq);
    if (found?.type === "tmux.server.appeared")
      lived.push(byClockOf(found.occurredAtUs, found.seq, first.seq));
    const after = lived.map((us) => us + 1).filter((us) => us < byUs);
    return Math.max(first.occurredAtUs, ...after);
  };
  /** A process that started or died in a pane proves its server from then on. */
  const serverWords: ServerWord[] = all(
    "tmux.server.appeared",
    "tmux.server.vanished",
    "tmux.pane.created",
    "tmux.pane.respawned",
    "tmux.pane.died",
  ).map((event) => ({
    seq: event.seq,
    effectUs: event.type === "tmux.pane.died" ? happened(event, diedFrom(event)) : happened(event),
    up: event.type !== "tmux.server.vanished",
    pid: payload(event, "tmux.server.appeared").server,
  }));
  const boots = new Map<string, number>();
  const bootSeqs = new Map<number, number>();
  for (const event of all("systemd.manager.changed")) {
    const { bootId, bootedAtUs } = payload(event, "systemd.manager.changed");
    if (boots.has(bootId)) continue;
    const bootUs = Math.min(bootedAtUs, happened(event));
    boots.set(bootId, bootUs);
    bootSeqs.set(bootUs, event.seq);
  }
  /** One that tmux ran when it was told of an end that it had lost dates none. */
  const isNudged = (event: StoredEvent) => payload(event, "tmux.hook.fired").nudged === true;
  const hookEvents = all("tmux.hook.fired").filter((event) => !isNudged(event));
  const hooks = hookEvents.map((event) => ({
    ...payload(event, "tmux.hook.fired"),
    atUs: happened(event),
    withinUs: unitOf(event),
    endedByUs: endedBy(event, happened(event)),
    seq: event.seq,
  }));
  const paneWords = (agent: string): Word[] => {
    const told: Word[] = [];
    for (const event of events) {
      const last = told.at(-1);
      if (event.type === "tmux.pane.created" || event.type === "tmux.pane.respawned") {
        const p = payload(event, "tmux.pane.created");
        if (p.name !== agent) continue;
        const ended = {
          status: null,
          signal: null,
          atUs: event.occurredAtUs,
          datedByTmux: false,
          diedAtUs: null,
          endedByUs: null,
        };
        const { seq } = event;
        told.push({ ...p, ...ended, effectUs: happened(event), seq, bornSeq: seq, state: "alive" });
      }
      if (event.type === "tmux.pane.died" && last) {
        const { pane, pid, status, signal } = payload(event, "tmux.pane.died");
        if (last.pane !== pane || last.pid !== pid || last.state === "closed") continue;
        const again = last.state === "dead";
        const atUs = again ? last.atUs : diedFrom(event);
        const datedByTmux = again ? last.datedByTmux : event.precision === "s";
        const effectUs = happened(event, atUs);
        const endedByUs = again ? last.endedByUs : endedBy(event);
        const died = { status, signal, atUs, datedByTmux, diedAtUs: atUs, endedByUs };
        told.push({ ...last, ...died, effectUs, seq: event.seq, state: "dead" });
      }
      if (event.type === "tmux.pane.closed" && last) {
        if (last.pane !== payload(event, "tmux.pane.closed").pane || last.state === "closed") continue;
        const atUs = event.occurredAtUs;
        told.push({ ...last, effectUs: happened(event), seq: event.seq, state: "closed", atUs });
      }
    }
    return told;
  };
  const tellings = new Map<string, Word[]>();
  const wordsOf = (agent: string): Word[] => {
    const known = tellings.get(agent) ?? paneWords(agent);
    tellings.set(agent, known);
    return known;
  };
  const serves = (word: Word | undefined, atUs: number): boolean => {
    const server = newest(serverWords, atUs);
    return word !== undefined && server?.up === true && server.pid === word.server;
  };
  const there = (word: Word | undefined, atUs: number): word is Word =>
    word !== undefined && word.state !== "closed" && serves(word, atUs);

  const asTold = (word: Word | undefined, atUs: number): Known => {
    const nothing = { startedAtUs: null, status: null, signal: null, diedAtUs: null };
    const here = { away: null, serverGone: false } as const;
    if (!word) return { known: true, ...nothing, ...here, state: "missing", atUs: null };
    // How its process ended stays known when the pane has gone: that is what it died of.
    const { startedAtUs, status, signal, diedAtUs } = word;
    const life = { known: true, startedAtUs, status, signal, diedAtUs } as const;
    const closedUs = word.unseenEnd ? null : word.atUs;
    if (word.state === "closed") return { ...life, ...here, state: "missing", atUs: closedUs };
    // What was there until its server went, went with it.
    if (!serves(word, atUs))
      return { ...life, ...here, state: "missing", atUs: lostUs(word, atUs) ?? 0, serverGone: true };
    return { ...life, ...here, state: word.state, atUs: word.atUs };
  };

  const vanished = all("tmux.server.vanished");
  const lost = (own: Word, atUs: number): StoredEvent | undefined =>
    vanished.find((event) => {
      const us = happened(event);
      if (payload(event, "tmux.server.vanished").server !== own.server || us > atUs) return false;
      return us > own.effectUs || (us === own.effectUs && event.seq > own.seq);
    });
  const lostUs = (own: Word, atUs: number): number | undefined => lost(own, atUs)?.occurredAtUs;
  /** Where in the log the last word of this life is. */
  const toldSeq = (own: Word, atUs: number): number =>
    own.state === "closed" ? own.seq : (lost(own, atUs)?.seq ?? own.seq);
  /** The last moment at which it ran: one that was alive when its server went, went with it. */
  const ranUntil = (own: Word, atUs: number): number =>
    own.state === "alive" ? (lostUs(own, atUs) ?? Infinity) : (own.diedAtUs ?? own.atUs);

  // --- lives that only hooks told of ---
  /** Whether the machine booted, or another server was there on the socket, or this one was told to have gone, meanwhile. */
  const hasGone = (server: number, fromUs: number, toUs: number): boolean => {
    const isWithin = (us: number) => fromUs <= us && us <= toUs;
    if ([...boots.values()].some(isWithin)) return true;
    return serverWords.some(({ effectUs, up, pid }) => isWithin(effectUs) && up === (pid !== server));
  };
  const hookedAt = (agent: string, atUs: number) => {
    const lines = hookEvents.filter(
      (event) =>
        event.agent === agent &&
        happened(event) <= atUs &&
        payload(event, "tmux.hook.fired").session !== null,
    );
    const names = new Set(
      lines.map((event) => {
        const { server, session } = payload(event, "tmux.hook.fired");
        return `${server} ${session}`;
      }),
    );
    const lives = [...names].map((name) => {
      const [server = "", session = ""] = name.split(" ");
      const line = (kind: string) =>
        lines.find((event) => {
          const told = payload(event, "tmux.hook.fired");
          return `${told.server} ${told.session}` === name && told.hook === kind;
        });
      const own = lines.filter((event) => {
        const told = payload(event, "tmux.hook.fired");
        return `${told.server} ${told.session}` === name;
      });
      const paneOf = (event: StoredEvent) =>
        Number((payload(event, "tmux.hook.fired").pane ?? "%0").slice(1));
      const told = (kind: string) => own.filter((event) => payload(event, "tmux.hook.fired").hook === kind);
      // A pane that was split off is another's, and so is each that was made later.
      const [split] = told("after-split-window").sort((a, b) => paneOf(a) - paneOf(b));
      const died = told("pane-died")
        .filter((event) => split === undefined || paneOf(event) < paneOf(split))
        .sort((a, b) => paneOf(a) - paneOf(b) || a.occurredAtUs - b.occurredAtUs)[0];
      const [created, closed] = ["session-created", "session-closed"].map(line);
      const firstUs = (created ?? died ?? closed ?? split)?.occurredAtUs ?? 0;
      const toldFromUs = Math.min(...own.map((event) => happened(event)));
      return {
        server: Number(server),
        session,
        number: Number(session.slice(1)),
        firstUs,
        toldFromUs,
        created,
        died,
        closed,
      };
    });
    return lives.sort((a, b) => a.firstUs - b.firstUs || a.number - b.number || a.server - b.server).at(-1);
  };

  /** The agent's own pane at a moment with what is known of it: what looks tell, or a later life that came and went between two of them. */
  const endedAt = (agent: string, atUs: number): Seen => {
    const seen = seenAt(agent, atUs);
    let life = hookedAt(agent, atUs);
    // Until the second of its making is over, the one before it is the last.
    while (life?.created && atUs < life.created.occurredAtUs + madeWithin(life.created))
      life = hookedAt(agent, life.toldFromUs - 1);
    if (!life?.created) return seen;
    const { created, died, closed, server, session } = life;
    const withinUs = madeWithin(created);
    const isGap = !isCovered("tmux", atUs);
    const gap = gapAround("tmux", atUs);
    if (isGap && gap.toUs === Infinity) return seen;
    // That one which has come is not there is said once somebody could have found it: the look with which a watch began, or one of ten seconds.
    const isLookedFor = isGap || watchedFrom("tmux", atUs) >= created.occurredAtUs + withinUs;
    const hasToldEnd = died !== undefined || closed !== undefined;
    if (!hasToldEnd && !isLookedFor && atUs < created.occurredAtUs + 10_000_000) return seen;
    const word = seen.own;
    // One that was there until another life began was in the way of any that only hooks told of.
    if (seen.pane.known && seen.pane.replaced) return seen;
    if (seen.pane.known ? seen.pane.state !== "missing" : there(word, atUs)) return seen;
    const isLater =
      word === undefined ||
      (word.server === server
        ? life.number > Number(word.session.slice(1))
        : created.occurredAtUs + withinUs > (word.startedAtUs ?? word.diedAtUs ?? word.atUs));
    if (!isLater) return seen;
    const told = died ? payload(died, "tmux.hook.fired") : { status: null, signal: null };
    const own: Word = {
      ...{
        effectUs: created.occurredAtUs,
        seq: (closed ?? died ?? created).seq,
        bornSeq: created.seq,
        state: "closed",
        server,
        session,
      },
      ...{ pane: "", pid: 0, start: null, startedAtUs: created.occurredAtUs, datedByTmux: false },
      ...{ status: told.status, signal: told.signal },
      atUs: Math.max(created.occurredAtUs, (closed ?? died ?? created).occurredAtUs),
      unseenEnd: (closed ?? died) === undefined,
      begunByUs: created.occurredAtUs + withinUs - 1,
      diedAtUs: died ? Math.max(created.occurredAtUs, died.occurredAtUs) : null,
      endedByUs: (died ?? closed) ? endedBy((died ?? closed) as StoredEvent) : null,
    };
    if (!isGap) return { pane: asTold(own, atUs), own };
    // In a gap its end is a point, from which on it is gone to the next look. One from before this gap is none.
    const end = closed ?? died;
    const before = end && gap.fromUs > -Infinity ? endedAt(agent, gap.fromUs - 1).own : undefined;
    const hadEnded = before?.session === session && !before.unseenEnd;
    if (!end || hadEnded) return { pane: { known: false }, own };
    // As long as nobody closed its session, and its server had not gone, its pane was there still.
    const remains = died !== undefined && !closed && !hasGone(server, died.occurredAtUs, atUs);
    const pane = asTold(own, atUs);
    return { pane: remains ? { ...pane, state: "dead" } : pane, own };
  };

  const seenAt = (agent: string, atUs: number): Seen => {
    const told = wordsOf(agent);
    const word = newest(told, atUs);
    if (isCovered("tmux", atUs)) return { pane: asTold(word, atUs), own: word };
    const gap = gapAround("tmux", atUs);
    const unknown: Seen = { pane: { known: false }, own: word };
    const beatUs = (byUs: number): number => {
      const { beatSeq } = beatAt(agent, byUs - 1);
      return Math.max(...events.filter(({ seq }) => seq === beatSeq).map((event) => happened(event)));
    };
    // The life that this is about: a close is a word on the life before it.
    const life = word?.state === "closed" ? told[told.indexOf(word) - 1] : word;
    if (!word || !life) return unknown;
    const changes = [...told, ...serverWords].map((each) => each.effectUs).sort((a, b) => a - b);
    const isItself = (us: number) => newest(told, us) === life && there(life, us);
    const since = Math.max(gap.fromUs, life.effectUs);
    if (!isItself(since)) return unknown;
    /** When looks say that it was no longer so. */
    const untilUs = changes.find((us) => us > since && !isItself(us)) ?? Infinity;
    // The same life alive, or the same pane dead, at both ends; or from its own start or death on.
    if (untilUs > gap.toUs && gap.toUs < Infinity) return { pane: asTold(life, atUs), own: life };

    // A boot ends every life of the boot before; a hook saw a life end. From such a point to the next look it is dead or gone.
    const isPoint = gap.toUs < Infinity;
    const serverLivesOn = isPoint && serves(life, gap.toUs);
    const upSince = serverWords.filter((each) => each.effectUs <= since).at(-1)?.effectUs ?? Infinity;
    const boot =
      [...boots.values()].find(
        (us) => isPoint && !serverLivesOn && gap.fromUs <= us && us < untilUs && upSince < us,
      ) ?? Infinity;
    // A process of another server: its own is gone.
    const other = newest(serverWords, untilUs);
    const isReplaced =
      isPoint && other?.up === true && !serves(life, untilUs) && newest(told, untilUs) === life;
    const serverGoneUs = Math.min(boot, isReplaced ? untilUs : Infinity);
    const seen = hooks
      .filter((hook) => isPoint && hook.server === life.server && endsLife(hook, life))
      .map((hook) => ({ ...hook, fromUs: Math.max(hook.atUs, since) }))
      .filter(({ fromUs, ...hook }) => fromUs < Math.min(hook.atUs + hook.withinUs, untilUs, gap.toUs))
      .sort((a, b) => {
        const [first, second] = [a, b].map(({ hook }) => (hook === "pane-died" ? 0 : 1)) as [number, number];
        // Of two deaths in one second the last is the last one's.
        const together = first === 0 ? b.seq - a.seq : a.seq - b.seq;
        return a.atUs - b.atUs || first - second || a.withinUs - b.withinUs || together;
      });
    let ended = life;
    let goneUs = serverGoneUs;
    for (const hook of seen) {
      if (hook.hook === "pane-died" && ended.state === "alive" && hook.fromUs <= atUs) {
        const { status, signal, endedByUs, seq } = hook;
        const diedAtUs = hook.fromUs;
        ended = { ...ended, state: "dead", status, signal, atUs: diedAtUs, diedAtUs, endedByUs, seq };
      } else if (hook.hook !== "pane-died") {
        const { endedByUs } = ended.state === "alive" ? hook : ended;
        if (hook.fromUs <= atUs && ended.state !== "closed")
          ended = { ...ended, state: "closed", atUs: hook.fromUs, endedByUs, seq: hook.seq };
        goneUs = Math.min(goneUs, hook.fromUs);
      }
    }
    if (goneUs <= atUs) {
      const own = atUs >= untilUs && word !== life ? word : ended;
      // A session that was closed before the boot was not lost with its server.
      const closedBefore = ended.state === "closed" && ended.atUs < serverGoneUs;
      const byServer = serverGoneUs <= atUs && !closedBefore;
      // What ended it is where in the log that was told.
      const seq = serverGoneUs === boot ? (bootSeqs.get(boot) ?? 0) : (other?.seq ?? 0);
      const gone: Word = own.state === "alive" ? { ...own, state: "closed", atUs: goneUs, seq } : own;
      const pane = asTold({ ...gone, state: "closed" }, atUs);
      return { pane: byServer ? { ...pane, serverGone: true } : pane, own: gone };
    }
    if (atUs >= untilUs) return unknown;
    if (ended !== life) return { pane: asTold(ended, atUs), own: ended };
    if (life.state === "dead") {
      const known = isPoint && life.datedByTmux && life.effectUs >= gap.fromUs;
      return known ? { pane: asTold(life, atUs), own: life } : unknown;
    }
    // Alive until the hour of death that tmux itself told of this life.
    const next = newest(told, untilUs);
    const died =
      next?.state === "dead" &&
      next.datedByTmux &&
      next.pid === life.pid &&
      next.pane === life.pane &&
      next.start === life.start &&
      serves(next, untilUs);
    if (died && untilUs <= gap.toUs && goneUs === Infinity) return { pane: asTold(life, atUs), own: life };
    // Over by the end of the gap, and nobody told when: what it beat last says nothing of the time after that.
    const overUs = Math.min(boot, untilUs);
    const isDated = died || seen.some((hook) => hook.fromUs < overUs);
    if (!isPoint || untilUs > gap.toUs || isDated) return unknown;
    if (
      atUs === overUs - 1 &&
      next !== life &&
      next?.state === "alive" &&
      overUs === untilUs &&
      since < atUs
    ) {
      // Another life begins right after: at the latest now this one is gone.
      const gone: Word = { ...life, state: "closed", atUs };
      const serverGone = next.server !== life.server;
      return { pane: { ...asTold(gone, atUs), serverGone, replaced: true }, own: gone };
    }
    const knownUs = life.effectUs < gap.fromUs ? gap.fromUs : life.effectUs + 1;
    // A life that did not tell when it began may have made what beat since.
    const isOfNext =
      next !== life && next?.state === "alive" && overUs === untilUs && next.atUs !== next.startedAtUs;
    // By the first beat of another process it was over, whoever that was.
    const writer = beatAt(agent, knownUs).beat?.beat.pid;
    const others = beatsOf(agent)
      .map((event) => happened(event))
      .filter((us) => us > knownUs && us < overUs && (beatAt(agent, us).beat?.beat.pid ?? writer) !== writer);
    const otherUs = Math.min(...others);
    if (writer !== undefined && atUs < otherUs && otherUs < Infinity)
      return { ...unknown, voidFromUs: Math.max(knownUs, beatUs(otherUs) + 1) };
    if (isOfNext && beatUs(overUs) >= knownUs) return unknown;
    return { ...unknown, voidFromUs: Math.max(knownUs, beatUs(overUs) + 1) };
  };

  // --- wished ends ---
  /** A manager goes a moment before it says so, and not before it has come; that was within two minutes after the one before had begun to go. */
  const goesFromUs = (stops: StoredEvent): number => {
    const came = managerLines.findLast(({ seq, type, payload: told }) => {
      return type !== "journal.gap.found" && seq < stops.seq && (told as { what: string }).what === "started";
    });
    const earlier = managerLines.filter(({ seq }) => seq < (came?.seq ?? 0));
    const begins = earlier.findLastIndex((event) => whatOf(event) === "started") + 1;
    const last = earlier.slice(begins).findLast((event) => whatOf(event) === "stopped");
    const cameUs = Math.min(came?.occurredAtUs ?? -Infinity, (last?.occurredAtUs ?? Infinity) + 120e6);
    return Math.max(stops.occurredAtUs - 100_000, cameUs);
  };
  /** Since when a line of the journal says that its agent was to end: with the user manager that was going then, as far as had been told. */
  const wantedUs = (event: StoredEvent): number => {
    const atUs = event.occurredAtUs;
    if (event.type !== "journal.unit.logged") return atUs;
    const { what, jobType } = payload(event, "journal.unit.logged");
    if (jobType !== "stop" || (what !== "stopping" && what !== "stopped")) return atUs;
    const word = all("journal.unit.logged").findLast((line) => {
      const told = payload(line, "journal.unit.logged");
      return line.seq < event.seq && line.agent === null && told.unit === "default.target";
    });
    if (word === undefined || payload(word, "journal.unit.logged").what !== "stopped") return atUs;
    const fromUs = goesFromUs(word);
    return fromUs <= atUs && atUs < fromUs + 100_000 + 120e6 ? fromUs : atUs;
  };
  /** What systemd itself stopped because the tmux server under it had failed, or was about to be started again. */
  const isOfHolder = ({ seq, occurredAtUs: atUs }: StoredEvent): boolean => {
    const lines = all("journal.unit.logged").filter((line) => {
      const declared = events.findLast(
        (event) =>
          event.seq < line.seq && event.agent === line.agent && event.type.startsWith("roster.agent."),
      );
      return line.seq < seq && (declared?.payload as { role?: string } | undefined)?.role === "holder";
    });
    const whatOf = (line: StoredEvent) => payload(line, "journal.unit.logged").what ?? "";
    const began = lines.findLast((line) => ["failed", "restart-scheduled"].includes(whatOf(line)));
    if (began === undefined) return false;
    const over = lines
      .filter((line) => line.seq > began.seq && ["stopped", "starting", "started"].includes(whatOf(line)))
      .map((line) => line.occurredAtUs);
    const byUs = began.occurredAtUs + (whatOf(began) === "failed" ? 100_000 : 30_000_000);
    return began.occurredAtUs <= atUs && atUs <= Math.min(byUs, ...over);
  };
  /** Of a unit of one main process, or of none: it was being stopped while it ran, and nothing else had gone wrong with it. */
  const isUnitStop = (event: StoredEvent): boolean => {
    if (event.type !== "systemd.unit.changed") return false;
    const unit = payload(event, "systemd.unit.changed");
    const isStopping = unit.active === "deactivating" && ["stop", "stop-sigterm"].includes(unit.sub);
    const runs = unit.mainPid !== null && (unit.execCode ?? 0) === 0;
    const may = unit.serviceType === "oneshot" ? unit.remainAfterExit : runs && unit.serviceType === "exec";
    return isStopping && unit.result === "success" && may === true;
  };
  /** Who wanted an agent down when, each word of it from when on it counts. */
  const wishesFor = (agent: string) =>
    events
      .filter((event) => event.agent === agent)
      .flatMap((event) => {
        const atUs = wantedUs(event);
        const wish = { effectUs: happened(event, atUs), atUs, bootId: null as string | null };
        if (event.type === "operator.stop.requested" || event.type === "operator.restart.requested")
          return { ...wish, by: "operator", restarts: event.type === "operator.restart.requested" };
        if (isUnitStop(event)) return { ...wish, by: "unit", restarts: false };
        if (event.type !== "journal.unit.logged") return [];
        const { what, jobType, bootId } = payload(event, "journal.unit.logged");
        const down =
          (jobType === "stop" && (what === "stopping" || what === "stopped")) ||
          (jobType === "restart" && what === "stopping");
        return down && !isOfHolder(event)
          ? { ...wish, by: "systemd", restarts: jobType === "restart", bootId }
          : [];
      });
  /** Who wanted an agent up when. */
  const startsFor = (agent: string) =>
    events
      .filter((event) => event.agent === agent)
      .filter((event) => {
        if (event.type !== "journal.unit.logged")
          return event.type === "operator.start.requested" || event.type === "operator.restart.requested";
        const { what, jobType } = payload(event, "journal.unit.logged");
        const isDown = what === "stopping" || what === "stopped";
        return what === "starting" || what === "started" || (isDown && jobType === "restart");
      })
      .map((event) => {
        const by = event.type === "journal.unit.logged" ? "systemd" : "operator";
        const begins = by === "operator" || payload(event, "journal.unit.logged").what === "starting";
        return { effectUs: happened(event), atUs: event.occurredAtUs, by, begins };
      });
  /** Another start than the first after a moment has set out before the other moment, or what that one brought was stopped. */
  const firstOfMoreStarts = (agent: string, byUs: number, untilUs: number): number => {
    const starts = startsFor(agent)
      .filter(({ atUs, effectUs }) => atUs >= byUs && effectUs < untilUs)
      .sort((a, b) => a.effectUs - b.effectUs || a.atUs - b.atUs);
    const [first] = starts;
    if (!first) return Infinity;
    const firstAtUs = Math.max(
      ...starts.filter(({ effectUs }) => effectUs === first.effectUs).map(({ atUs }) => atUs),
    );
    const setOut = ["systemd", "operator"].some((by) => {
      const ofSource = starts.filter((start) => start.begins && start.by === by);
      return ofSource.some((a) => ofSource.some((b) => b.effectUs > a.effectUs && b.atUs > a.atUs));
    });
    const isStopped = wishesFor(agent).some(
      ({ restarts, atUs, effectUs }) =>
        !restarts && atUs > firstAtUs && effectUs >= first.effectUs && effectUs < untilUs,
    );
    return setOut || isStopped ? first.effectUs : Infinity;
  };
  type Wish = ReturnType<typeof wishesFor>[number];
  /** Of each source the newest by its own clock stands; a stop before a restart of the same instant. */
  const wishOf = (by: string, wishes: readonly Wish[], atUs: number): Wish | undefined => {
    const told = wishes.filter((wish) => wish.by === by && wish.effectUs <= atUs);
    const last = told.filter((wish) => wish.atUs === Math.max(...told.map((each) => each.atUs)));
    return last.find((wish) => !wish.restarts) ?? last[0];
  };

  /** Moments at which what is told of panes may change. */
  const paneMoments = (agent: string): number[] => {
    const lines = hookEvents;
    const moments = [...wordsOf(agent), ...serverWords].map((word) => word.effectUs);
    const lineMoments = lines.flatMap((line) => [
      happened(line),
      line.occurredAtUs + unitOf(line),
      line.occurredAtUs + madeWithin(line),
      line.occurredAtUs + 10_000_000,
    ]);
    return [...new Set([...moments, ...lineMoments, ...boots.values(), ...edges])].sort((a, b) => a - b);
  };
  const momentsOf = new Map<string, number[]>();

  const told = ({ pane, own }: Seen): string =>
    `${pane.known ? pane.state : "unknown"} ${own?.server} ${own?.session} ${own?.pid}`;
  /**
   * An end holds to the next look unless something is told of a life after it: nothing is known from a start on that somebody wanted, and from the
   * end on where a process has beaten that had not beaten before it.
   */
  const goneAt = (agent: string, atUs: number): Seen => {
    const now = endedAt(agent, atUs);
    const gap = gapAround("tmux", atUs);
    if (isCovered("tmux", atUs) || gap.toUs === Infinity || !now.pane.known || now.pane.state === "alive")
      return now;
    const found = endedAt(agent, gap.toUs);
    // Also by one whose watch ended with that very look.
    const next = wordsOf(agent).find(({ effectUs }) => effectUs > atUs && effectUs <= gap.toUs);
    const isNextSo =
      next?.state === "dead" &&
      next.server === now.own?.server &&
      next.pane === now.own.pane &&
      next.pid === now.own.pid;
    if (now.pane.state === "dead" && (told(found) === told(now) || isNextSo)) return now;
    const moments = momentsOf.get(agent) ?? paneMoments(agent);
    momentsOf.set(agent, moments);
    const isSo = (seen: Seen) => told(seen) === told(now);
    let fromUs = atUs;
    for (const us of moments.filter((us) => gap.fromUs <= us && us <= atUs).reverse()) {
      if (!isSo(endedAt(agent, us))) break;
      fromUs = us;
    }
    const ended = endedAt(agent, fromUs);
    const toUs = moments.find((us) => us > atUs && us <= gap.toUs && !isSo(endedAt(agent, us))) ?? Infinity;
    const untilUs = Math.min(toUs, gap.toUs);
    const byUs = Math.max(fromUs + 1, ended.own?.endedByUs ?? fromUs);
    const heard = [...new Set(beatsOf(agent).map((event) => happened(event)))].filter((us) => {
      const { beat, beatSeq } = beatAt(agent, us);
      if (beat === undefined || beat.writerSinceUs < byUs || us < byUs || us >= untilUs) return false;
      // One that is dated before what was read already tells nothing.
      return beatAt(agent, us - 1).beatSeq !== beatSeq;
    });
    const wantedUs = Math.min(
      ...startsFor(agent).map((start) => (start.atUs >= byUs ? start.effectUs : Infinity)),
    );
    // Another life that has died by then had lived before.
    const other = toUs < gap.toUs ? endedAt(agent, toUs) : undefined;
    const isLifeOf = (a: Word | undefined, b: Word | undefined) =>
      a?.server === b?.server && a?.session === b?.session && a?.pid === b?.pid;
    const hasDied = other?.pane.known && other.pane.state === "dead" && !isLifeOf(other.own, ended.own);
    const heardUs = Math.min(...heard, hasDied ? toUs : Infinity);
    if (heardUs === Infinity && toUs < gap.toUs) {
      const moreUs = firstOfMoreStarts(agent, byUs, untilUs);
      return Math.max(moreUs, byUs) <= atUs ? { pane: { known: false }, own: now.own } : now;
    }
    const sinceUs = wantedUs <= heardUs ? Math.max(wantedUs, byUs) : byUs;
    return sinceUs <= atUs ? { pane: { known: false }, own: now.own } : now;
  };
  /**
   * What is told to have ended in a second, or another unit of time, ended somewhere in it. Where somebody came to want it down in the rest of
   * that time, before anybody had found it so, it ended by that wish, and until then nobody knows whether it ran.
   */
  const paneAt = (agent: string, atUs: number): Seen => {
    const now = goneAt(agent, atUs);
    const { own } = now;
    if (!own || !isEnded(own)) return now;
    const wishes = wishesFor(agent);
    const mayHave = wishes.some(({ effectUs }) => effectUs > atUs && effectUs < atUs + SECOND_US);
    if (!mayHave) return now;
    const moments = momentsOf.get(agent) ?? paneMoments(agent);
    momentsOf.set(agent, moments);
    const isSame = (word: Word | undefined): word is Word =>
      word !== undefined &&
      isEnded(word) &&
      word.server === own.server &&
      word.session === own.session &&
      word.pid === own.pid;
    const earlier = moments.filter((us) => us <= atUs).reverse();
    let beganUs = atUs;
    let before: Word | undefined;
    for (const us of earlier) {
      const word = endedAt(agent, us).own;
      before = word;
      if (!isSame(word)) break;
      beganUs = us;
      before = undefined;
    }
    // What is told exactly, by a clock that was set back since, had happened when it took effect.
    const endedByOf = (word: Word, us: number) => word.endedByUs ?? Math.min(word.diedAtUs ?? word.atUs, us);
    let byUs = Math.min(beganUs + SECOND_US, endedByOf(own, beganUs));
    for (const us of moments.filter((each) => each >= beganUs)) {
      const word = endedAt(agent, us).own;
      byUs = Math.min(byUs, isSame(word) ? endedByOf(word, us) : us);
      if (!isSame(word)) break;
    }
    const wished = wishes.filter(
      ({ effectUs, by }) =>
        effectUs > beganUs &&
        effectUs < byUs &&
        wishOf(by, wishes, effectUs) !== wishOf(by, wishes, beganUs) &&
        (wishOf(by, wishes, effectUs)?.atUs ?? -Infinity) >= (own.startedAtUs ?? -Infinity),
    );
    const wishedUs = Math.min(...wished.map(({ effectUs }) => effectUs));
    return wished.length > 0 && atUs < wishedUs ? { pane: { known: false }, own: before } : now;
  };

  // --- systemd ---
  const unitAt = (name: string, atUs: number): Evidence["unit"] => {
    const told = all("systemd.unit.changed", "systemd.unit.forgotten")
      .filter((event) => payload(event, "systemd.unit.forgotten").unit === name)
      .map((event) => ({
        effectUs: happened(event),
        dated:
          event.type === "systemd.unit.changed" &&
          payload(event, "systemd.unit.changed").sinceUs === event.occurredAtUs,
        unit: event.type === "systemd.unit.changed" ? payload(event, "systemd.unit.changed") : null,
        atUs: event.occurredAtUs,
      }));
    const word = newest(told, atUs);
    if (!word?.unit) return { known: false };
    const { load, active, result } = word.unit;
    const evidence: Evidence["unit"] = {
      known: true,
      active: load === "not-found" && active === "inactive" ? "not-found" : active,
      result,
      atUs: word.atUs,
    };
    if (isCovered("systemd", atUs)) return evidence;
    const gap = gapAround("systemd", atUs);
    const lasts = gap.toUs < Infinity && newest(told, gap.toUs) === word;
    if (word.dated && word.effectUs >= gap.fromUs && lasts) return evidence;
    type Unit = typeof word.unit | null | undefined;
    const same = (a: Unit, b: Unit): boolean =>
      !!a &&
      !!b &&
      (a.invocationId !== null || a.sinceUs !== null) &&
      a.invocationId === b.invocationId &&
      a.sinceUs === b.sinceUs &&
      a.load === b.load &&
      a.active === b.active &&
      a.sub === b.sub &&
      a.result === b.result;
    const before = newest(told, gap.fromUs - 1)?.unit;
    const after = gap.toUs < Infinity ? newest(told, gap.toUs)?.unit : undefined;
    return same(before, after) && same(word.unit, before) ? evidence : { known: false };
  };

  // --- heartbeats ---
  const beatsOf = (agent: string) =>
    all("heartbeat.received", "heartbeat.writer.exited", "heartbeat.file.removed").filter(
      (e) => e.agent === agent,
    );
  const intervalAt = (agent: string, seq: number): number => {
    const last = all("roster.agent.declared", "roster.agent.changed", "roster.agent.removed").findLast(
      (event) => event.agent === agent && event.seq < seq,
    );
    return last === undefined || last.type === "roster.agent.removed"
      ? 15
      : payload(last, "roster.agent.declared").intervalSeconds;
  };
  /** `other`: the last beat of the process that wrote before the one that wrote last, where both wrote within one reach. */
  const beatAt = (
    agent: string,
    atUs: number,
  ): {
    beat: HeartbeatDocument | undefined;
    other?: { beat: HeartbeatDocument; beatSeq: number } | undefined;
    beatSeq: number;
  } => {
    let beat: HeartbeatDocument | undefined;
    let other: { beat: HeartbeatDocument; beatSeq: number } | undefined;
    let beatSeq = 0;
    for (const event of beatsOf(agent)) {
      if (happened(event) > atUs) continue;
      const { seq, recordedAtUs, precision } = event;
      if (event.type === "heartbeat.received") {
        const p = payload(event, "heartbeat.received");
        // The newest ts stands; one that was in the future when this one was recorded, or read, does not.
        if (beat && event.occurredAtUs < beat.atUs && beat.atUs <= recordedAtUs && !p.afterSetBack) continue;
        const same: HeartbeatDocument | undefined = [other?.beat, beat].find(
          (one) => one?.beat.pid === p.pid,
        );
        const writerSinceUs: number = Math.min(same?.writerSinceUs ?? Infinity, event.occurredAtUs);
        if (beat && beat.beat.pid !== p.pid) {
          const wroteBoth: boolean =
            !beat.removed &&
            beat.writerExitedAtUs === null &&
            beat.atUs <= event.occurredAtUs &&
            event.occurredAtUs - beat.atUs <= 3 * intervalAt(agent, event.seq) * 1e6;
          other = wroteBoth ? { beat, beatSeq } : undefined;
        }
        const life = { statusSinceUs: 0, writerSinceUs, writerExitedAtUs: null, removed: false };
        beat = { atUs: event.occurredAtUs, precision, beat: p, ...life, seq, recordedAtUs };
        beatSeq = seq;
      } else if (event.type === "heartbeat.file.removed") {
        if (beat) beat = { ...beat, removed: true, seq };
      } else if (beat) {
        const { pid, pidStart, goneByUs = event.occurredAtUs } = payload(event, "heartbeat.writer.exited");
        if (pid === beat.beat.pid && pidStart === beat.beat.pidStart)
          beat = { ...beat, writerExitedAtUs: event.occurredAtUs, writerGoneByUs: goneByUs, seq };
      }
    }
    return { beat, other, beatSeq };
  };
  const isWatched = (agent: string, atUs: number): boolean => {
    if (isCovered("heartbeat", atUs)) return true;
    const { beat, beatSeq } = beatAt(agent, atUs);
    if (!beat || beat.removed) return false;
    const events = beatsOf(agent);
    const gapToUs = gapAround("heartbeat", atUs).toUs;
    const reads = [gapToUs, ...events.map(found).filter((foundUs) => foundUs >= atUs)];
    const readUs = Math.min(...reads);
    if (readUs === Infinity) return false;
    const content = events
      .filter((event) => event.type !== "heartbeat.writer.exited" && found(event) <= readUs)
      .at(-1);
    // That the file was looked at by the end of the gap is not so where it held another beat by then, which was found later.
    if (readUs === gapToUs && content?.seq !== beatAt(agent, gapToUs - 1).beatSeq) return false;
    return content?.type === "heartbeat.received" && content.seq === beatSeq;
  };

  // --- purpose ---
  /** A user manager that goes stops its default target first and all it runs then; another one is there when it says so. */
  const managerLines = events.filter(
    (event) =>
      event.type === "journal.gap.found" ||
      (event.type === "journal.unit.logged" &&
        payload(event, "journal.unit.logged").unit === "default.target"),
  );
  const whatOf = (event: StoredEvent) =>
    event.type === "journal.gap.found" ? "lost" : payload(event, "journal.unit.logged").what;
  /** The managers that had come by a moment, each with how the one before it had gone. */
  const managersAt = (atUs: number) =>
    managerLines
      .filter((event) => whatOf(event) === "started" && happened(event) <= atUs)
      .map((came) => {
        const earlier = managerLines.filter(({ seq }) => seq < came.seq);
        const before = earlier.slice(earlier.findLastIndex((event) => whatOf(event) === "started") + 1);
        const stops = before.findLast((event) => whatOf(event) === "stopped");
        const lost = before
          .filter((event) => whatOf(event) === "lost")
          .map((event) => payload(event, "journal.gap.found").fromUs ?? 0);
        const downUs = stops?.occurredAtUs ?? Infinity;
        return {
          fromUs: stops ? goesFromUs(stops) : came.occurredAtUs,
          toUs: Math.min(came.occurredAtUs, downUs + 120e6),
          bootId: stops ? payload(stops, "journal.unit.logged").bootId : null,
          lostFromUs: Math.min(...lost),
        };
      });
  const isOfExit = (stopUs: number, atUs: number): boolean =>
    managersAt(atUs).some(({ fromUs, toUs }) => fromUs <= stopUs && stopUs < toUs);
  /** From when on a manager was going that stopped something, by what was known at a moment. */
  const goingAt = (stopUs: number, atUs: number): number | null => {
    const words = managerLines.filter((event) => {
      // One that says that it goes had begun to before that.
      const fromUs = whatOf(event) === "stopped" ? goesFromUs(event) : event.occurredAtUs;
      return happened(event, fromUs) <= atUs && whatOf(event) !== "lost";
    });
    const last = words.at(-1);
    const going = last && whatOf(last) === "stopped" ? last : undefined;
    const ending = going
      ? { fromUs: goesFromUs(going), toUs: goesFromUs(going) + 100_000 + 120e6 }
      : { fromUs: Infinity, toUs: Infinity };
    const around = ({ fromUs, toUs }: typeof ending) => fromUs <= stopUs && stopUs < toUs;
    return [...managersAt(atUs), ending].find(around)?.fromUs ?? null;
  };
  /** It stopped something and was there for longer, as far as the lines tell that are not lost. */
  const isOutlived = (stopUs: number, bootId: string, atUs: number): boolean => {
    const went = managersAt(atUs).find(({ toUs }) => stopUs < toUs);
    if (went === undefined || stopUs >= went.fromUs) return false;
    return went.bootId === bootId || stopUs < went.lostFromUs - 100_000;
  };
  const stopAt = (
    agent: string,
    own: Word | undefined,
    pane: Evidence["pane"],
    unit: Evidence["unit"],
    graceUs: number,
    atUs: number,
  ): Pick<Evidence, "stop" | "stoppedUntilUs"> => {
    const endedUs = own?.endedByUs ?? (pane.known ? (pane.diedAtUs ?? pane.atUs) : null);
    const downByUs = pane.known && pane.state !== "alive" ? (own === undefined ? -Infinity : endedUs) : null;
    const lines = all("journal.unit.logged")
      .filter((event) => event.agent === agent && happened(event, wantedUs(event)) <= atUs)
      .map((event) => {
        const { what, jobType, bootId } = payload(event, "journal.unit.logged");
        const down = what === "stopping" || (what === "stopped" && jobType === "stop");
        const stops = down && (jobType === "stop" || jobType === "restart") && !isOfHolder(event);
        const starts = what === "starting" || what === "started" || (!!what && jobType === "restart");
        const isAbout = ["starting", "started", "stopping", "stopped"].includes(what ?? "");
        const restarts = stops && jobType === "restart";
        return {
          ...{ stops: isAbout && stops, starts: isAbout && starts, restarts },
          ...(what === "stopped" && jobType === "stop" ? { done: true as const } : {}),
          ...{ atUs: wantedUs(event), seq: event.seq, bootId },
        };
      });
    const verbs = all("operator.start.requested", "operator.restart.requested", "operator.stop.requested")
      .filter((event) => event.agent === agent && happened(event) <= atUs)
      .map((event) => ({
        stops: event.type !== "operator.start.requested",
        restarts: event.type === "operator.restart.requested",
        starts: event.type !== "operator.stop.requested",
        atUs: event.occurredAtUs,
        seq: event.seq,
        bootId: null,
      }));
    const manager = newest(
      all("systemd.manager.changed").map((event) => ({
        effectUs: happened(event),
        bootId: payload(event, "systemd.manager.changed").bootId,
      })),
      atUs,
    );
    const starts = [...lines, ...verbs].filter((word) => word.starts).map((word) => word.atUs);
    const lastOfLinesUs = Math.max(...starts);
    const ofUnit = events
      .filter((event) => event.agent === agent && happened(event) <= atUs && isUnitStop(event))
      .map((event) => {
        const boot = newest(
          all("systemd.manager.changed")
            .filter(({ seq }) => seq < event.seq)
            .map((word) => ({ effectUs: -Infinity, id: payload(word, "systemd.manager.changed").bootId })),
          atUs,
        );
        const { occurredAtUs, seq } = event;
        const bootId = boot?.id.replaceAll("-", "") ?? null;
        return { stops: true, starts: false, restarts: false, atUs: occurredAtUs, seq, bootId };
      });
    /** The journal tells of that job, or of a later one; or the life had ended, or went with its server. */
    const ofSilent = ofUnit.filter((word, _, words) => {
      const isNewest = word.atUs === Math.max(...words.map((each) => each.atUs));
      const isHeard = lines.some(({ stops, atUs }) => stops && atUs >= word.atUs - 100_000);
      const isGone = pane.known && pane.state !== "alive" && pane.serverGone;
      return isNewest && !isHeard && !isGone && !(downByUs !== null && downByUs <= word.atUs);
    });
    const isUnitUp = unit.known && (unit.active === "active" || unit.active === "activating");
    let stoppedUntilUs: number | null = null;
    const life = hookedAt(agent, atUs);
    const isIts = own?.startedAtUs === null && life?.server === own.server && life.session === own.session;
    const made = isIts ? life.created : undefined;
    const madeByUs = own?.begunByUs ?? (made ? made.occurredAtUs + madeWithin(made) - 1 : undefined);
    const sources = [
      { by: "operator", words: verbs },
      { by: "systemd", words: lines },
      { by: "systemd", words: ofSilent },
    ] as const;
    for (const { by, words } of sources) {
      const newestOf = (stops: typeof words) => {
        const last = stops.filter((word) => word.atUs === Math.max(...stops.map((each) => each.atUs)));
        const meant = last.find((word) => !word.restarts && !("done" in word));
        return meant ?? last.find((word) => !word.restarts) ?? last[0];
      };
      const wanted = newestOf(words.filter((word) => word.stops));
      // Whoever restarts what is known to have been down has stopped nothing; whoever had stopped it before that had.
      const isUp = wanted?.restarts && downByUs !== null && downByUs <= wanted.atUs;
      const stop = isUp ? newestOf(words.filter((word) => word.stops && !word.restarts)) : wanted;
      if (!stop) continue;
      const stopUs = stop.atUs;
      const upUs = words === ofSilent && isUnitUp && unit.atUs > stopUs ? unit.atUs : -Infinity;
      const lastStartUs = Math.max(upUs, ...starts);
      const done = "done" in stop ? { done: true as const } : {};
      // One of which only the second of its making is told began by a start that was wanted in it after the stop.
      const madeUs = own?.startedAtUs ?? made?.occurredAtUs ?? null;
      const isOfStart = madeByUs !== undefined && lastOfLinesUs >= stopUs && madeByUs >= lastOfLinesUs;
      const bornAtUs = isOfStart ? madeByUs : madeUs;
      if (own && bornAtUs !== null) {
        // By when it was made at the latest is no moment that was stated, which a clock may have been set back from.
        const bornUs = isOfStart ? bornAtUs : byClockOf(bornAtUs, own.bornSeq, stop.seq);
        if (byClockOf(stopUs, stop.seq, own.bornSeq) < bornUs) continue;
      }
      const goingUs = by === "systemd" ? goingAt(stopUs, atUs) : null;
      // What had ended before a manager went was stopped by nobody as it went.
      if (goingUs !== null && downByUs !== null && downByUs <= goingUs) continue;
      const isOfOther = manager && stop.bootId !== null && manager.bootId.replaceAll("-", "") !== stop.bootId;
      if (isOfOther && (goingUs !== null || !isOutlived(stopUs, stop.bootId as string, atUs))) continue;
      const { beat: lastBeat } = beatAt(agent, atUs);
      const isItself =
        lastBeat?.beat.evidence === "runtime" && (lastBeat.writerExitedAtUs ?? -Infinity) > lastBeat.atUs;
      // It has lived since, and nobody wanted it up: what beat was there after the stop, and after the pane had gone.
      const hasLived =
        lastOfLinesUs < stopUs &&
        downByUs !== null &&
        (lastBeat?.writerSinceUs ?? 0) > Math.max(downByUs, stopUs);
      if (isItself && hasLived) continue;
      if (by === "systemd" && lastStartUs < stopUs && isOfExit(stop.atUs, atUs)) continue;
      if (lastStartUs < stopUs) return { stop: { by, atUs: stopUs, ...done }, stoppedUntilUs: null };
      const hasFailed = unit.known && unit.active === "failed" && unit.atUs >= lastStartUs;
      // The process that the start brought has beaten, and is gone again.
      const { beat } = beatAt(agent, atUs);
      const hasEnded = own?.startedAtUs === null && own.state !== "alive" && !own.unseenEnd;
      const isOver = pane.known && pane.state !== "alive" && hasEnded;
      const overUs = isOver ? (own.diedAtUs ?? own.atUs) : -Infinity;
      const wentUs = beat && overUs >= beat.writerSinceUs ? overUs : Infinity;
      const exitedUs = Math.min(beat?.writerGoneByUs ?? Infinity, wentUs);
      const isOfStartToo = beat !== undefined && beat.writerSinceUs >= lastStartUs;
      const goneUs = isOfStartToo ? Math.max(lastStartUs, exitedUs) : Infinity;
      // Or one that an earlier start had brought, which is over by the last one.
      const isOfEarlier = beat !== undefined && beat.writerSinceUs > stopUs && exitedUs <= lastStartUs;
      const cameUs = isOfEarlier ? beat.writerSinceUs : Infinity;
      const untilUs = Math.min(lastStartUs + graceUs, hasFailed ? unit.atUs : Infinity, goneUs, cameUs);
      if (atUs < untilUs) return { stop: { by, atUs: stopUs, ...done }, stoppedUntilUs: null };
      stoppedUntilUs = Math.max(stoppedUntilUs ?? 0, untilUs);
    }
    return { stop: null, stoppedUntilUs };
  };

  return {
    pane: (agent, atUs) => paneAt(agent, atUs).pane,
    at(agent, atUs) {
      const stays = all("roster.agent.declared", "roster.agent.changed", "roster.agent.removed").filter(
        (event) => event.agent === agent && happened(event) <= atUs,
      );
      const newestStay = stays.at(-1);
      if (!newestStay || newestStay.type === "roster.agent.removed") return null;
      const declaration = payload(newestStay, "roster.agent.declared");
      const declared = stays.findLast((event) => event.type === "roster.agent.declared") as StoredEvent;
      return judgeAs({ ...declaration, declared }, agent, atUs);
    },
    sighting(agent, atUs) {
      const { pane, own } = paneAt(agent, atUs);
      if (pane.known && (pane.state === "missing" || own?.begunByUs !== undefined)) return null;
      const unit = `mosaic-agent@${agent}.service`;
      // Nobody promised anything about it: not that it beats, nor for how long it runs.
      const nothing = { heartbeat: "not-expected", lifecycle: "always", intervalSeconds: 15 } as const;
      return judgeAs({ unit, ...nothing, declared: { occurredAtUs: 0, seq: 0 } }, agent, atUs);
    },
  };

  function judgeAs(
    declaration: Pick<
      PayloadOf<"roster.agent.declared">,
      "unit" | "heartbeat" | "lifecycle" | "intervalSeconds"
    > & { readonly declared: Pick<StoredEvent, "occurredAtUs" | "seq"> },
    agent: string,
    atUs: number,
  ): Verdict {
    const { declared } = declaration;
    const { pane, own, voidFromUs } = paneAt(agent, atUs);
    const unit = unitAt(declaration.unit, atUs);
    const { beat: newest, other, beatSeq: madeLast } = beatAt(agent, atUs);
    /** Whoever was the process of one of the three panes that the agent had before answers for no later one. */
    const before = new Map(
      wordsOf(agent).flatMap(({ bornSeq, pid, start }) =>
        own !== undefined && bornSeq < own.bornSeq ? [[bornSeq, { pid, start }]] : [],
      ),
    );
    const earlier = [...before.values()].slice(-3);
    const isEarlier = ({ beat: { pid, pidStart } }: HeartbeatDocument): boolean =>
      earlier.some((one) => one.pid === pid && one.start === pidStart);
    const isOthers =
      newest !== undefined && other !== undefined && isEarlier(newest) && !isEarlier(other.beat);
    const beat = isOthers ? { ...other.beat, removed: newest.removed } : newest;
    const made = isOthers ? other.beatSeq : madeLast;
    const isOwns = own?.pid === beat?.beat.pid && own?.start === beat?.beat.pidStart;
    const writer = beat && isEarlier(beat) ? "earlier" : beat && isOwns ? "own" : null;
    /**
     * From when on its reach says nothing, in time in which nobody read beats: a boot ended whatever beat before it; what was gone when it was first
     * read had only been there, where nothing else is told of its life.
     */
    const reachEndsUs = (): number => {
      const received = events.find(({ seq }) => seq === made);
      if (!beat || !received) return Infinity;
      const madeUs = happened(received);
      if (isCovered("heartbeat", madeUs) || isCovered("heartbeat", atUs)) return Infinity;
      const { toUs } = gapAround("heartbeat", madeUs);
      if (toUs === Infinity || toUs !== gapAround("heartbeat", atUs).toUs) return Infinity;
      const bootUs = Math.min(...[...boots.values()].filter((us) => us > beat.atUs));
      const next = beatsOf(agent).find(({ seq }) => seq > made);
      if (next?.type !== "heartbeat.writer.exited") return bootUs;
      if (payload(next, "heartbeat.writer.exited").pid !== beat.beat.pid) return bootUs;
      const isFoundGone = next.occurredAtUs > beat.atUs && next.occurredAtUs <= received.recordedAtUs;
      const then = paneAt(agent, madeUs).own;
      const hasToldEnd = then?.begunByUs !== undefined && !then.unseenEnd;
      const isThere = then?.state === "alive" && lostUs(then, madeUs) === undefined;
      const isTold = isThere || hasToldEnd;
      return isFoundGone && !isTold ? Math.min(bootUs, madeUs + 1) : bootUs;
    };
    const mayLive = !pane.known || pane.state === "alive";
    /** What a start is given, to bring its pane. */
    const graceUs = Math.round(Math.min(3 * declaration.intervalSeconds, 10) * 1e6);
    const isUp = unit.known && unit.active === "active" && (own !== undefined || atUs - graceUs > unit.atUs);
    const unitRan = isUp || (unit.known && unit.active === "failed");
    const endedUs = own === undefined || own.unseenEnd ? Infinity : ranUntil(own, atUs);
    const ownSeq = own === undefined ? 0 : toldSeq(own, atUs);
    // What ended in the second of its declaration may have run after it.
    const mayHaveRunUs = own === undefined ? -Infinity : (own.endedByUs ?? ranUntil(own, atUs));
    const ownRan = mayHaveRunUs >= byClockOf(declared.occurredAtUs, declared.seq, ownSeq);
    const wasThere = beat?.writerExitedAtUs === null || (beat?.writerExitedAtUs ?? 0) > (beat?.atUs ?? 0);
    const hasBeaten =
      beat !== undefined && wasThere && beat.atUs >= byClockOf(declared.occurredAtUs, declared.seq, beat.seq);
    const beatSeq = beat?.seq ?? 0;
    const byClock = (us: number | null | undefined, seq: number): number | null =>
      own && typeof us === "number" ? byClockOf(us, own.bornSeq, seq) : null;
    const byNow = {
      startedAtUs: byClock(own?.startedAtUs, Infinity),
      atUs: byClock(own?.atUs, Infinity),
    };
    return judge({
      nowUs: atUs,
      beatExpected: declaration.heartbeat === "expected",
      expectedSinceUs: null,
      lifecycle: declaration.lifecycle,
      intervalSeconds: declaration.intervalSeconds,
      everRan: unitRan || ownRan || hasBeaten,
      pane: pane.known && pane.state === "alive" ? { ...pane, ...byNow } : pane,
      unit,
      ...stopAt(agent, own, pane, unit, graceUs, atUs),
      // It bears on since when, which this judge does not tell.
      vouchedUntilUs: null,
      beat: {
        ...judgeBeat({
          nowUs: atUs,
          intervalSeconds: declaration.intervalSeconds,
          writer,
          heartbeat: beat && { ...beat, voidFromUs: Math.min(voidFromUs ?? Infinity, reachEndsUs()) },
          watched: isWatched(agent, atUs),
          bornAtUs: mayLive ? byClock(own?.startedAtUs, beatSeq) : null,
          // A life that was told to have ended answers no longer, until somebody knows of another.
          endedAtUs: pane.known || endedUs === Infinity ? undefined : byClockOf(endedUs, ownSeq, beatSeq),
          resumedAtUs: unlived.filter(({ fromUs }) => fromUs <= atUs).at(-1)?.resumedAtUs ?? null,
        }),
        status: beat?.beat.status ?? null,
        statusSinceUs: null,
        staleSinceUs: null,
        writerExitedAtUs: beat?.writerExitedAtUs ?? null,
      },
    });
  }
}

const SECOND_US = 1_000_000;

function unitOf({ precision }: StoredEvent): number {
  return precision === "us" ? 1 : precision === "ms" ? 1000 : SECOND_US;
}

/** What was written down of a making had been made by then. */
function madeWithin(event: StoredEvent): number {
  return Math.max(1, Math.min(unitOf(event), event.recordedAtUs - event.occurredAtUs + 1));
}

/** By when what was told so had happened: within its unit of time, and before it was written down. */
function endedBy(event: StoredEvent, atUs = event.occurredAtUs): number | null {
  const unitUs = unitOf(event);
  if (unitUs === 1) return null;
  return Math.min((Math.floor(atUs / unitUs) + 1) * unitUs, event.recordedAtUs);
}

/** Of one that hooks saw begin, and nobody saw end, it is not known. */
function isEnded(word: Word): boolean {
  return word.state !== "alive" && (word.diedAtUs !== null || word.unseenEnd !== true);
}

function scopeOf(source: string): string {
  return source === "tmux" ? SOCKET : "";
}

function endsLife(hook: PayloadOf<"tmux.hook.fired">, life: Word): boolean {
  if (hook.hook === "session-closed") return hook.session === life.session;
  return (hook.hook === "pane-exited" || hook.hook === "pane-died") && hook.pane === life.pane;
}
