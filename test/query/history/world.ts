import { createHash } from "node:crypto";
import { derive } from "../../../query/planes/all.ts";
import type { NewEvent, StoredEvent } from "../../../store/events/envelope.ts";
import type { Snapshot } from "../../../store/events/snapshot.ts";
import type { FoldedLog } from "../../support/fold.ts";
import { createFoldedLog } from "../../support/fold.ts";
import { declaration, paneSeen, SOCKET, tmuxLook, unitSeen } from "../../support/looks.ts";
import { AGENTS, type Op, SOURCES, type Turn, type Watched } from "./stories.ts";

/**
 * A small world with a recorder in it: agents that start, beat, end and come back, a tmux server, a user manager, reboots, and
 * somebody who watches all of it some of the time. Everything is on a scale of milliseconds, so that a judge can be asked
 * about every one of them. What goes into the log is what the collectors' derivation makes of it.
 */
export const BEGIN_US = 1_800_000_000_000_000;

interface Pane {
  readonly number: number;
  readonly pid: number;
  readonly start: number;
  readonly startedAtUs: number;
  /** A look has seen it live. */
  seen: boolean;
  readonly dead: {
    readonly status: number | null;
    readonly signal: number | null;
    readonly atUs: number;
    readonly dated: boolean;
  } | null;
}

interface Unit {
  readonly active: string;
  /** Of one that is being stopped. */
  readonly stops?: true;
  readonly invocationId: string | null;
  readonly sinceUs: number | null;
}

export interface Played {
  readonly log: FoldedLog;
  readonly events: readonly StoredEvent[];
  readonly endUs: number;
  /** Null while a recorder lives or the log knows that none does. */
  readonly lapsedAtUs: number | null;
  readonly recording: boolean;
  readonly available: ReadonlySet<string>;
  /** What really ran, by agent: from when to when a process lived in its pane. Only of use where the clock never stepped. */
  readonly lives: readonly {
    readonly agent: string;
    readonly pid: number;
    readonly fromUs: number;
    toUs: number;
  }[];
  /** Who really sat at which agent's session, from when to when. */
  readonly sits: readonly {
    readonly agent: string;
    readonly client: number;
    readonly fromUs: number;
    toUs: number;
  }[];
  /** Every beat that was made, read or not. */
  readonly made: readonly { readonly agent: string; readonly atUs: number; readonly tsUs: number }[];
}

function secondOf(us: number): number {
  return Math.floor(us / 1_000_000) * 1_000_000;
}

/**
 * tmux tells the second of a death: so it does of one agent, where a look had seen that life. Of the other, of a death in the second of its start, and of
 * what nobody had seen (a story's boots and servers come within milliseconds, as none does), it tells the moment, which is of that second as well: all that
 * whole seconds hide is seen there.
 */
function tellsDeath(name: string, diedAtUs: number, { startedAtUs, seen }: Pane): number {
  const isExact = secondOf(diedAtUs) < startedAtUs && (name !== AGENTS[0] || !seen);
  return isExact ? diedAtUs : secondOf(diedAtUs);
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

export function play(story: readonly Turn[]): Played {
  const log = createFoldedLog(BEGIN_US);
  let nowUs = BEGIN_US;
  let counter = 1;
  let server: number | null = null;
  let boot = { number: 1, atUs: BEGIN_US - 3_600_000_000 };
  const panes = new Map<string, Pane>();
  const writers: { readonly agent: string; readonly pid: number }[] = [];
  const beats = new Map<string, { tsUs: number; pid: number; status: string; alive: boolean }>();
  const units = new Map<string, Unit>(
    AGENTS.map((name) => [name, { active: "inactive", invocationId: null, sinceUs: null }]),
  );
  /** Who is attached, by terminal: to whose session, and since which process of its own. */
  const clients = new Map<number, { readonly name: string; readonly pid: number }>();
  const roster = new Map<string, ReturnType<typeof declaration>>();
  const lives: { agent: string; pid: number; fromUs: number; toUs: number }[] = [];
  const sits: { agent: string; client: number; fromUs: number; toUs: number }[] = [];
  const made: { agent: string; atUs: number; tsUs: number }[] = [];
  let late: NewEvent[] = [];
  const unavailable = new Set<string>();
  let recorder: { sinceUs: number } | null = null;
  let lapsedAtUs: number | null = null;

  const bootId = () => `${String(boot.number).repeat(8)}-0000-0000-0000-000000000000`;
  const append = (event: Pick<NewEvent, "type" | "payload"> & Partial<NewEvent>) =>
    log.append({ source: "recorder", agent: null, occurredAtUs: nowUs, precision: "us", ...event });
  const look = (snapshot: Snapshot) =>
    log.append(
      ...derive(log.documents, snapshot, { nowUs: log.clockUs(), begunUs: Number.MAX_SAFE_INTEGER }),
    );
  const seen = () => ({ scope: "", begunAtUs: nowUs, endedAtUs: nowUs });
  const lookAt = (source: Watched | "roster") => {
    log.nowUs = nowUs;
    if (source === "roster") {
      const agents = [...roster].map(([name, declared]) => ({ name, declaration: declared }));
      const file = { state: "accepted", path: "/r", digest: digestOf(agents) } as const;
      look({ source, ...seen(), file, agents });
    }
    if (source === "tmux") {
      const there = [...panes].map(([name, pane]) => {
        const { number, pid, start, startedAtUs, dead } = pane;
        pane.seen ||= dead === null;
        const incarnation = `${bootId().slice(0, 8)}-${pid}-${start}`;
        const gone = { start: null, startedAtUs: null, incarnation: null };
        const ended = {
          dead: true,
          status: dead?.status ?? null,
          signal: dead?.signal ?? null,
          diedAtUs: dead?.dated ? tellsDeath(name, dead.atUs, pane) : null,
        };
        // The process of a dead pane is gone from /proc.
        return paneSeen(
          name,
          number,
          dead ? { pid, ...gone, ...ended } : { pid, start, startedAtUs, incarnation },
        );
      });
      const attached = [...clients].flatMap(([number, { name, pid }]) => {
        const pane = panes.get(name);
        if (pane === undefined) return [];
        const is = { readOnly: number === 1, control: false, session: `$${pane.number}` };
        return [{ client: `/dev/pts/${number}`, name, pid, ...is }];
      });
      if (server === null) look(tmuxLook(nowUs, [], { server: null, goneReason: "refused" }));
      else {
        const is = { server: { pid: server, start: server, version: "3.3a" }, clients: attached };
        look(tmuxLook(nowUs, there, is));
      }
    }
    if (source === "systemd") {
      look({
        source,
        ...seen(),
        manager: { bootId: bootId(), bootedAtUs: boot.atUs, linger: "yes", version: "252" },
        units: [...units].map(([name, { active, stops, invocationId, sinceUs }]) => ({
          agent: name,
          unit: unitSeen(`mosaic-agent@${name}.service`, {
            active,
            invocationId,
            sinceUs,
            sub: active,
            result: active === "failed" ? "exit-code" : "success",
            ...(stops ? { sub: "stop-sigterm", serviceType: "exec", mainPid: 77 } : {}),
          }),
        })),
        complete: true,
      });
    }
    if (source === "heartbeat") {
      look({
        source,
        ...seen(),
        beats: [...beats].map(([name, { tsUs, pid, status, alive }]) => ({
          agent: name,
          beat: {
            occurredAtUs: tsUs,
            precision: "us" as const,
            payload: {
              pid,
              // Nobody has seen the one that beats where no pane is.
              pidStart: pid === 1 ? 1_000_000 : pid,
              status,
              evidence: "runtime" as const,
            },
          },
          writerAlive: alive,
        })),
        complete: true,
      });
    }
  };
  const isSilent = (source: Watched | "roster") => source !== "roster" && unavailable.has(source);
  const lookAround = () => {
    for (const source of ["roster", ...SOURCES] as const) if (!isSilent(source)) lookAt(source);
  };
  const settle = () => {
    if (lapsedAtUs === null) return;
    append({ type: "recorder.lapsed", payload: { pid: 1, lastAliveUs: lapsedAtUs } });
    lapsedAtUs = null;
  };
  const crash = (aliveMs: number) => {
    if (recorder === null) return;
    lapsedAtUs = Math.max(recorder.sinceUs, nowUs - aliveMs * 1000);
    recorder = null;
  };
  const watched = (source: string) => ({ source, scope: source === "tmux" ? SOCKET : "" });
  const endLife = (name: string) => {
    const pane = panes.get(name);
    const life = lives.findLast((each) => each.agent === name);
    if (pane && !pane.dead && life) life.toUs = nowUs;
  };
  /** Where the process that ended is the one that beat, its end may be read there before tmux has learnt of it. */
  const exitOf = (name: string, { pid }: Pane) => {
    const beat = beats.get(name);
    if (recorder === null || unavailable.has("heartbeat") || beat?.pid !== pid || !beat.alive) return;
    beat.alive = false;
    lookAt("heartbeat");
    nowUs += 1000;
    log.nowUs = nowUs;
  };
  /** tmux writes whole seconds, as of one agent; of the other all that a second hides is seen within the milliseconds of a story. */
  const exact = () => ({ occurredAtUs: nowUs, precision: counter % 2 ? ("us" as const) : ("ms" as const) });
  const hooked = (
    name: string,
    kind: string,
    number: number,
    ended: { status: number | null; signal: number | null },
    pane = number,
    client: string | null = null,
  ) => {
    const ids = {
      session: kind === "pane-exited" || kind === "client-detached" ? null : `$${number}`,
      window: null,
      pane: kind.startsWith("pane-") || kind === "after-split-window" ? `%${pane}` : null,
    };
    const payload = {
      socket: SOCKET,
      server: server ?? 0,
      n: counter++,
      hook: kind,
      client,
      name,
      ...ids,
      ...ended,
    };
    late.push({
      type: "tmux.hook.fired",
      agent: name,
      source: "tmux-hook",
      ...(name === AGENTS[0] ? { occurredAtUs: secondOf(nowUs), precision: "s" as const } : exact()),
      payload,
    });
  };
  const close = (name: string, withHook: boolean) => {
    const pane = panes.get(name);
    if (!pane) return;
    endLife(name);
    if (withHook) hooked(name, "session-closed", pane.number, none);
    panes.delete(name);
    leaveSession(name);
  };
  /** Whoever was attached to it is thrown out. */
  const leaveSession = (name: string) => {
    for (const [number, client] of clients) if (client.name === name) leave(number);
  };
  const leave = (number: number) => {
    const sit = sits.findLast(({ client }) => client === number);
    if (clients.delete(number) && sit) sit.toUs = nowUs;
  };
  const none = { status: null, signal: null };
  const live = (name: string, number: number, withHook: boolean) => {
    if (withHook) hooked(name, "session-created", number, none);
    const pid = 1000 + counter++;
    panes.set(name, { number, pid, start: pid, startedAtUs: nowUs, seen: false, dead: null });
    lives.push({ agent: name, pid, fromUs: nowUs, toUs: Infinity });
  };
  const journal = (
    name: string | null,
    what: string,
    jobType: string | null,
    unit = `mosaic-agent@${name}.service`,
  ) => {
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
    const payload = {
      unit,
      what,
      jobType,
      bootId: bootId().replaceAll("-", ""),
      ...none,
    };
    late.push({
      type: "journal.unit.logged",
      agent: name,
      source: "journal",
      occurredAtUs: nowUs,
      precision: "us",
      payload,
    });
  };
  /** It stops all that runs, its target first, and what is enabled comes back with the next one: nothing here. */
  const managerGoes = () => {
    journal(null, "stopped", "stop", "default.target");
    for (const each of AGENTS) {
      if (!panes.has(each) && units.get(each)?.active !== "active") continue;
      journal(each, "stopping", "stop");
      close(each, false);
      units.set(each, { active: "inactive", invocationId: null, sinceUs: null });
      journal(each, "stopped", "stop");
    }
  };
  /** What nobody has read by now is gone. */
  const loseJournal = () => {
    const lost = late.filter(({ source }) => source === "journal");
    late = late.filter(({ source }) => source !== "journal");
    const fromUs = lost[0]?.occurredAtUs ?? nowUs;
    const payload = { fromUs, toUs: nowUs, reason: "vacuumed" as const };
    const found = { type: "journal.gap.found", agent: null, source: "journal", payload } as const;
    late.push({ ...found, occurredAtUs: nowUs, precision: "us" });
  };
  const deliver = () => {
    log.append(...late);
    late = [];
  };

  /** Time goes by in the middle of what happens. */
  const later = (forMs: number): void => {
    if (recorder) lookAround();
    nowUs += forMs * 1000;
    log.nowUs = nowUs;
  };

  const perform = (op: Op): void => {
    const name = "agent" in op ? (AGENTS[op.agent] as string) : "";
    const pane = panes.get(name);
    switch (op.kind) {
      case "start":
        if (pane) return;
        server ??= 500 + counter++;
        return live(name, counter++, op.hook === true);
      case "respawn":
        if (!pane) return;
        endLife(name);
        return live(name, pane.number, false);
      case "end": {
        if (!pane || pane.dead) return;
        endLife(name);
        const ended = { status: op.status, signal: op.status === null ? 9 : null };
        const atUs = nowUs;
        if (name === AGENTS[0]) exitOf(name, pane);
        if (op.hook)
          hooked(name, op.remain ? "pane-died" : "pane-exited", pane.number, op.remain ? ended : none);
        // The session of a pane that does not remain goes with it.
        if (op.hook && !op.remain && op.dated) hooked(name, "session-closed", pane.number, none);
        if (op.remain) panes.set(name, { ...pane, dead: { ...ended, atUs, dated: op.dated } });
        else {
          panes.delete(name);
          leaveSession(name);
        }
        return;
      }
      case "close":
        return close(name, op.hook);
      case "close-twice":
        if (!pane) return;
        close(name, op.hook);
        return live(name, counter++, op.hook);
      case "come-and-go": {
        if (pane) return;
        const { agent, status, apartMs } = op;
        perform({ kind: "start", agent, hook: true });
        later(apartMs);
        if (op.beside !== "none") {
          const { number } = panes.get(name) as { number: number };
          const beside = counter++;
          hooked(name, "after-split-window", number, none, beside);
          hooked(name, "pane-died", number, { status: 7, signal: null }, beside);
          later(apartMs);
        }
        if (op.beside !== "only")
          perform({ kind: "end", agent, remain: true, status, dated: true, hook: true });
        if (op.closes) {
          later(apartMs);
          close(name, true);
        }
        // What is told in whole seconds is settled when they are over.
        return later(1000);
      }
      case "attach": {
        // Another one of the same terminal is a switch to another session.
        if (!pane) return;
        const pid = clients.get(op.client)?.pid ?? 9000 + counter++;
        const isNew = !clients.has(op.client);
        if (clients.get(op.client)?.name === name) return;
        leave(op.client);
        clients.set(op.client, { name, pid });
        sits.push({ agent: name, client: op.client, fromUs: nowUs, toUs: Infinity });
        if (!op.hook) return;
        for (const kind of ["client-session-changed", ...(isNew ? ["client-attached"] : [])])
          hooked(name, kind, pane.number, none, pane.number, `/dev/pts/${op.client}`);
        return;
      }
      case "detach": {
        const left = clients.get(op.client);
        leave(op.client);
        if (left && op.hook) hooked(left.name, "client-detached", 0, none, 0, `/dev/pts/${op.client}`);
        return;
      }
      case "kill-server":
        for (const each of AGENTS) close(each, false);
        server = null;
        return;
      case "holder-fails": {
        const unit = "mosaic-tmux-holder.service";
        const role = "holder" as const;
        roster.set("_holder", declaration({ unit, role, class: role, heartbeat: "not-expected" }));
        later(1);
        const ran = AGENTS.filter((each) => panes.has(each));
        for (const each of ran) close(each, false);
        server = null;
        journal("_holder", "failed", null, unit);
        later(op.forMs);
        journal("_holder", "restart-scheduled", null, unit);
        // Of one whose launcher has seen the end by then systemd has its own restart under way.
        for (const each of ran.slice(counter % 2)) journal(each, "stopping", "stop");
        later(1);
        for (const each of ran) journal(each, "stopped", "restart");
        journal("_holder", "stopped", "restart", unit);
        return later(op.forMs);
      }
      case "reboot":
        if (op.journal === "kept") managerGoes();
        crash(2);
        for (const each of AGENTS) close(each, false);
        server = null;
        for (const beat of beats.values()) beat.alive = false;
        writers.length = 0;
        for (const each of AGENTS) units.set(each, { active: "inactive", invocationId: null, sinceUs: null });
        if (op.journal === "lost") loseJournal();
        nowUs += op.forMs * 1000;
        boot = { number: boot.number + 1, atUs: nowUs };
        if (op.journal !== "silent") journal(null, "started", "start", "default.target");
        return;
      case "restart-manager":
        managerGoes();
        server = null;
        if (recorder) lookAround();
        nowUs += op.forMs * 1000;
        log.nowUs = nowUs;
        journal(null, "started", "start", "default.target");
        return;
      case "suspend": {
        const fromUs = nowUs;
        nowUs += op.forMs * 1000;
        log.nowUs = nowUs;
        if (recorder) append({ type: "recorder.suspended", payload: { fromUs, toUs: nowUs } });
        return;
      }
      case "wait":
        nowUs += op.forMs * 1000;
        log.nowUs = nowUs;
        return;
      case "step":
        // A line of repeated time that arrives after the step cannot be told from one of the second time.
        deliver();
        nowUs += op.byMs * 1000;
        log.nowUs = nowUs;
        // Without a recorder nobody compares the clocks, and the step leaves no trace.
        if (recorder) append({ type: "recorder.clock.stepped", payload: { byMs: op.byMs } });
        return;
      case "outlived-beats": {
        const pid = writers.find((writer) => writer.agent === name && writer.pid !== pane?.pid)?.pid;
        if (pid !== undefined) beats.set(name, { tsUs: nowUs, pid, status: op.status, alive: true });
        return;
      }
      case "beat":
        // What has died writes nothing more.
        if (pane && pane.dead !== null) return;
        if (pane) writers.push({ agent: name, pid: pane.pid });
        made.push({ agent: name, atUs: nowUs, tsUs: nowUs + op.aheadMs * 1000 });
        beats.set(name, {
          tsUs: nowUs + op.aheadMs * 1000,
          pid: pane?.pid ?? 1,
          status: op.status,
          alive: true,
        });
        return;
      case "writer-exits": {
        const beat = beats.get(name);
        if (beat) beat.alive = false;
        return;
      }
      case "unlink":
        beats.delete(name);
        return;
      case "unit": {
        const invocationId = op.to === "active" ? `${counter++}` : (units.get(name)?.invocationId ?? null);
        units.set(name, { active: op.to, invocationId, sinceUs: op.dated ? nowUs : null });
        if (op.job === "restart") journal(name, op.to === "active" ? "stopping" : "stopped", "restart");
        else if (op.job)
          journal(name, op.to === "active" ? "started" : "stopped", op.to === "active" ? "start" : "stop");
        return;
      }
      case "unit-stops": {
        const { agent, told, restarts, hook } = op;
        const known = units.get(name) ?? { active: "active", invocationId: null, sinceUs: null };
        const job = restarts ? "restart" : "stop";
        units.set(name, { ...known, active: "deactivating", stops: true, sinceUs: nowUs });
        if (told) journal(name, "stopping", job);
        later(1);
        if (pane && hook) perform({ kind: "end", agent, remain: true, status: 0, dated: true, hook });
        close(name, hook);
        later(1);
        if (told) journal(name, "stopped", job);
        units.set(name, { ...known, active: restarts ? "active" : "inactive", sinceUs: nowUs });
        return later(1);
      }
      case "verb":
        log.append({
          type: `operator.${op.verb}.requested`,
          agent: name,
          source: "operator",
          occurredAtUs: nowUs,
          precision: "us",
          payload: { verb: `agent ${op.verb}`, user: "alice", pid: 1, unit: `mosaic-agent@${name}.service` },
        });
        return;
      case "started-unseen": {
        if (pane) return;
        const { agent, by, times, apartMs, stopped, stays } = op;
        for (let time = 1; time <= times; time++) {
          if (by === "job") journal(name, "starting", "start");
          else perform({ kind: "verb", agent, verb: "start" });
          later(apartMs);
          if (by === "job") journal(name, "started", "start");
          perform({ kind: "start", agent, hook: false });
          later(apartMs);
          if (time === times && stays) return;
          if (stopped && by === "job") journal(name, "stopping", "stop");
          if (stopped && by === "verb") perform({ kind: "verb", agent, verb: "stop" });
          close(name, false);
          later(apartMs);
        }
        return;
      }
      case "wished-end": {
        const { agent, wish, before, apartMs } = op;
        const wished = (): void => {
          if (wish === "job") journal(name, "stopping", "stop");
          else if (wish === "restart-job") journal(name, "stopping", "restart");
          else perform({ kind: "verb", agent, verb: wish });
        };
        if (before) wished();
        else perform({ ...op, kind: "end" });
        if (recorder) lookAround();
        nowUs += apartMs * 1000;
        log.nowUs = nowUs;
        if (before) perform({ ...op, kind: "end" });
        else wished();
        return;
      }
      case "roster": {
        if (op.intervalMs === null) return void roster.delete(name);
        const unit = `mosaic-agent@${name}.service`;
        const heartbeat = op.expected ? "expected" : "not-expected";
        roster.set(
          name,
          declaration({ unit, intervalSeconds: op.intervalMs / 1000, lifecycle: op.lifecycle, heartbeat }),
        );
        return;
      }
      case "record":
      case "record-hastily":
        if (recorder) return;
        settle();
        recorder = { sinceUs: nowUs };
        append({
          type: "recorder.started",
          payload: { pid: 1, pidStart: 1, bootId: bootId(), version: "1" },
        });
        if (op.kind === "record") lookAround();
        else
          for (const source of ["roster", "tmux", "systemd"] as const) if (!isSilent(source)) lookAt(source);
        append({ type: "recorder.source.started", payload: watched("roster") });
        for (const source of SOURCES) {
          if (!unavailable.has(source)) append({ type: "recorder.source.started", payload: watched(source) });
          else
            append({
              type: "recorder.source.unavailable",
              payload: { ...watched(source), reason: "no answer" },
            });
        }
        if (op.kind === "record-hastily") {
          nowUs += 1000;
          log.nowUs = nowUs;
          lookAround();
        }
        return;
      case "stop-recording":
        if (!op.told) return crash(op.aliveMs);
        if (recorder) append({ type: "recorder.stopped", payload: { pid: 1, reason: "SIGTERM" } });
        recorder = null;
        return;
      case "unavailable":
        if (unavailable.has(op.source)) return;
        unavailable.add(op.source);
        if (recorder)
          append({
            type: "recorder.source.unavailable",
            payload: { ...watched(op.source), reason: "no answer" },
          });
        return;
      case "recover":
        for (const source of SOURCES) {
          if (!unavailable.delete(source) || !recorder) continue;
          lookAt(source);
          append({ type: "recorder.source.recovered", payload: watched(source) });
        }
        return;
      case "sample": {
        if (recorder) return;
        settle();
        lookAround();
        const sources = SOURCES.map((source) => {
          const answered = !unavailable.has(source);
          return {
            ...watched(source),
            state: answered ? "observed" : "unavailable",
            reason: answered ? null : "no answer",
          };
        });
        const roster = { ...watched("roster"), state: "observed", reason: null };
        append({
          type: "recorder.sample.taken",
          payload: { begunAtUs: nowUs, sources: [roster, ...sources] },
        });
        return;
      }
      case "adopt": {
        const payload = { version: op.version, fromUs: nowUs - op.agoMs * 1000 };
        return append({ type: "rules.adopted", source: "operator", payload });
      }
      case "deliver":
        return deliver();
    }
  };

  for (const each of AGENTS)
    perform({
      kind: "roster",
      agent: AGENTS.indexOf(each),
      intervalMs: 5,
      lifecycle: "always",
      expected: true,
    });
  for (const { afterMs, op } of story) {
    nowUs += afterMs * 1000;
    log.nowUs = nowUs;
    perform(op);
    log.nowUs = nowUs;
    if (recorder) lookAround();
  }
  log.nowUs = nowUs;
  deliver();
  const available = new Set(SOURCES.filter((source) => !unavailable.has(source)));
  return {
    log,
    events: log.events,
    endUs: nowUs,
    lapsedAtUs,
    recording: recorder !== null,
    available,
    lives,
    sits,
    made,
  };
}
