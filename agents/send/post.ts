import type { Ack } from "../acks/acks.ts";
import { readShown } from "../acks/shown-session.ts";
import { type Connection, type Opened, openConnection } from "../opencode/connection.ts";
import { type Listener, listenerOf } from "../opencode/listening.ts";
import { mayPost, shownBy } from "../opencode/may-post.ts";
import { openCodeMessageId } from "../opencode/message-id.ts";
import {
  askForMessage,
  type HeldMessage,
  lookAtSession,
  newestMessages,
  postPrompt,
  type SessionLook,
  said,
} from "../opencode/server.ts";
import { lookAtPane, type PaneId } from "../pane/pane.ts";
import { foregroundOf, startTicksOf } from "../pane/reader.ts";
import type { AckPlace } from "./acknowledgements.ts";
import { refused, unverifiable, type Verdict } from "./verdict.ts";

/** Where a message was posted, for the ledger. */
export interface Posted {
  readonly listener: Listener;
  readonly session: string;
  /** What the runtime calls the message. */
  readonly runtimeMessage: string;
}

export interface PostEdge {
  readonly pane: PaneId;
  readonly acks: AckPlace;
  /** What the runtime's adapter has written of the message with this id. */
  acksOf(runtimeMessage: string): Ack[];
  /** Monotonic milliseconds. */
  nowMs(): number;
  wallMs(): number;
  wait(ms: number): Promise<void>;
}

export interface PostOrder {
  readonly text: string;
  readonly deadlineMs: number;
  readonly verify: boolean;
  /** Called before the server is given the message. */
  posting(posted: Posted): void;
  /** Called when it may have the message, and before anything else is done. */
  posted(): void;
}

/** `typing`: nothing went out, and it may be typed instead; `because` is null where no port is open, which is nothing to be told. */
export type PostOutcome =
  | { readonly state: "typing"; readonly because: string | null }
  | { readonly state: "refused"; readonly verdict: Verdict }
  | ({ readonly state: "posted"; readonly runtimeMessage: string } & Proven);

/** Null: it was posted, and nothing was to be verified. */
interface Proven {
  readonly verdict: Verdict | null;
  /** An answer to it has begun. */
  readonly takenUp: boolean;
}

const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 100;
/** So many of a session's last messages show what runs before a message, and what answers it. */
const NEWEST = 6;
/** Looking must leave time for typing. A server that has not answered by then is not one that would soon take a message. */
const LOOKING_PART = 0.5;
const LONGEST_LOOK_MS = 3000;
/** So long after the message went out nothing is given up. */
const GRACE_MS = 1000;

/**
 * Gives a message to an OpenCode whose port is open, under an id of ours, and takes nothing for a proof but that its server holds a message
 * of this id: 204 is answered also to what is then lost. Nothing is ever posted twice; an id that was used is added to.
 */
export async function post(edge: PostEdge, order: PostOrder): Promise<PostOutcome> {
  const typing = (because: string | null): PostOutcome => ({ state: "typing", because });
  const { uid, directory, agent } = edge.acks;
  const processes = foregroundOf(edge.pane.pid).processes.filter(({ names }) => names.includes("opencode"));
  const pids = processes.map(({ pid }) => pid);
  const found = listenerOf(pids, uid);
  if (found.state !== "found") return typing(found.state === "none" ? null : found.because);
  const shown = (): ReturnType<typeof shownBy> =>
    shownBy(readShown(directory, agent, uid), new Map(pids.map((pid) => [pid, startTicksOf(pid)])));
  const at = shown();
  if ("because" in at) return typing(at.because);
  const leftMs = order.deadlineMs - edge.nowMs();
  let untilMs = edge.nowMs() + Math.min(LONGEST_LOOK_MS, leftMs * LOOKING_PART);
  const opened = await openConnection(found.listener, { uid, timeLeftMs: () => untilMs - edge.nowMs() });
  if (opened.state !== "open") return typing(opened.because);
  const { connection } = opened;
  try {
    const session = await lookAtSession(connection, at.session);
    if ("because" in session) return typing(session.because);
    if (session.asks !== null) {
      // Denied, it ends the turn, and what waits behind that is not taken up; and an Enter would allow it, before the screen shows it.
      const because = `a ${session.asks} waits for a person`;
      return { state: "refused", verdict: refused("prompt", because, session.asks) };
    }
    const look = await lookAtPane(edge.pane);
    if (look.state !== "pane" || look.dead || look.pid !== edge.pane.pid)
      return typing("its pane changed meanwhile");
    if (look.inputOff) return typing("input to its pane is switched off");
    const may = mayPost(session, look.screen);
    if (!may.may) return typing(may.because);
    const still = shown();
    if (!("session" in still) || still.session !== at.session)
      return typing("another session came onto its screen meanwhile");
    untilMs = order.deadlineMs;
    const id = openCodeMessageId(edge.wallMs());
    order.posting({ listener: found.listener, session: session.id, runtimeMessage: id });
    const answer = await postPrompt(connection, session, { id, text: order.text });
    // It said that it does not take it: nothing of it is held.
    const isRefused = answer.status === null ? !answer.sent : answer.status >= 400 && answer.status < 500;
    if (isRefused) return typing(`its server did not take it: ${said(answer)}`);
    order.posted();
    if (!order.verify) return { state: "posted", runtimeMessage: id, verdict: null, takenUp: false };
    untilMs = Math.max(untilMs, edge.nowMs() + GRACE_MS);
    const reopen = (): Promise<Opened> =>
      openConnection(found.listener, { uid, timeLeftMs: () => untilMs - edge.nowMs() });
    return {
      state: "posted",
      runtimeMessage: id,
      ...(await prove(connection, edge, {
        ...order,
        session,
        id,
        deadlineMs: untilMs,
        isAnswered: answer.status !== null,
        reopen,
      })),
    };
  } finally {
    connection.close();
  }
}

interface Proving extends PostOrder {
  readonly id: string;
  readonly session: SessionLook;
  /** What it was given may still come into its hands, where it has not answered. */
  readonly isAnswered: boolean;
  /** Another connection, as proven as the first. */
  reopen(): Promise<Opened>;
}

/** Asks for the message until the server holds it, or time is up, or its process is gone. */
async function prove(first: Connection, edge: PostEdge, proving: Proving): Promise<Proven> {
  const { id, text, session, deadlineMs, isAnswered, reopen } = proving;
  let connection = first;
  let pauseMs = FIRST_PAUSE_MS;
  let wasAbsent = false;
  try {
    for (;;) {
      const held = await askForMessage(connection, session, id);
      if (held !== null && held !== "absent" && isOurs(held, session, id)) {
        const newest = await newestMessages(connection, session, NEWEST);
        return judge({ held, newest, acks: edge.acksOf(id), session, text });
      }
      const look = await lookAtPane(edge.pane);
      if (look.state !== "pane" || look.dead || look.pid !== edge.pane.pid)
        return unproven("gone", "its process ended before it was known whether it holds the message");
      wasAbsent ||= held === "absent";
      if (edge.nowMs() >= deadlineMs)
        return wasAbsent && isAnswered
          ? unproven("no-evidence", `its server was given the message and holds none of its id (${id})`)
          : unproven(
              "unfinished",
              `its server was given the message (${id}) and did not say that it holds it`,
            );
      await edge.wait(pauseMs);
      pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 1.5);
      const opened = held === null ? await reopen() : null;
      if (opened?.state !== "open") continue;
      connection.close();
      connection = opened.connection;
    }
  } finally {
    connection.close();
  }
}

function isOurs(held: HeldMessage, session: SessionLook, id: string): boolean {
  return held.id === id && held.role === "user" && held.session === session.id;
}

/** The server holds it. Whether it waits behind another turn is said by the runtime itself, or else by what runs and what was answered. Pure. */
export function judge(seen: {
  readonly held: HeldMessage;
  /** The last messages of the session, this one among them. */
  readonly newest: readonly HeldMessage[];
  readonly acks: readonly Pick<Ack, "what" | "queued">[];
  readonly session: Pick<SessionLook, "busy">;
  readonly text: string;
}): Proven {
  const { held, newest, acks, session, text } = seen;
  const isAnswered = newest.some(({ parent }) => parent === held.id);
  const takenUp = isAnswered || acks.some(({ what }) => what === "taken-up");
  const received = acks.find(({ what }) => what === "received");
  const runsAnother = newest.some(
    ({ role, completed, parent }) => role === "assistant" && !completed && parent !== held.id,
  );
  const queued = !takenUp && (received?.queued ?? (session.busy || runsAnother));
  const changed = held.text === text ? "" : ", with another text: something in it changed it";
  const because = `the runtime holds it as ${held.id}${queued ? ", behind the running turn" : ""}${changed}`;
  return { verdict: { verdict: "accepted", proof: "id", queued, because }, takenUp };
}

function unproven(which: "gone" | "unfinished" | "no-evidence", because: string): Proven {
  return { verdict: unverifiable(which, because), takenUp: false };
}
