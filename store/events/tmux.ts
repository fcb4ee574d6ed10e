import { z } from "zod";
import { boundedText, count, incarnationId, instantUs, shortText, startTicks } from "./text.ts";

/** The socket's path, and the pid of the server behind it: together they name one life of one tmux server. */
const server = { socket: boundedText, server: count };
const pane = {
  ...server,
  /** `$3` */ session: shortText,
  /** `@4` */ window: shortText,
  /** `%5` */ pane: shortText,
  /** The session's name at that time. */ name: boundedText,
  pid: count,
  /** Null when the process was gone before /proc could be read. */
  start: startTicks.nullable(),
  startedAtUs: instantUs.nullable(),
  incarnation: incarnationId.nullable(),
};
const client = {
  ...server,
  session: shortText,
  name: boundedText,
  /** tty path, or `client-PID` for control clients */ client: boundedText,
  pid: count,
  readOnly: z.boolean(),
  control: z.boolean(),
};

export const tmuxEvents = {
  "tmux.server.appeared": z.strictObject({ ...server, start: startTicks.nullable(), version: shortText }),
  "tmux.server.vanished": z.strictObject({
    ...server,
    reason: z.enum(["no-socket", "refused", "replaced"]),
  }),
  "tmux.session.created": z.strictObject({ ...server, session: shortText, name: boundedText }),
  "tmux.session.closed": z.strictObject({ ...server, session: shortText, name: boundedText }),
  /** `agent` of the envelope is the new name. */
  "tmux.session.renamed": z.strictObject({
    ...server,
    session: shortText,
    from: boundedText,
    to: boundedText,
    panes: z.array(shortText).max(1024),
  }),
  "tmux.pane.created": z.strictObject(pane),
  /** Same pane id, another process: tmux fires no hook for it, so it is known from the changed pid only. */
  "tmux.pane.respawned": z.strictObject({ ...pane, previousPid: count }),
  /** The process ended and the pane remains (remain-on-exit). At most one of status and signal is not null; both null = tmux lost it. */
  "tmux.pane.died": z.strictObject({
    ...server,
    pane: shortText,
    pid: count,
    incarnation: incarnationId.nullable(),
    status: z.int().nullable(),
    signal: z.int().nullable(),
  }),
  /** The pane is no longer there: killed, closed with its session, or ended without remain-on-exit. */
  "tmux.pane.closed": z.strictObject({
    ...server,
    session: shortText,
    pane: shortText,
    pid: count,
    incarnation: incarnationId.nullable(),
  }),
  "tmux.pane.moved": z.strictObject({
    ...server,
    pane: shortText,
    session: shortText,
    window: shortText,
    name: boundedText,
  }),
  /** Output moved `window_activity` (whole seconds: occurred_at); at most one a minute for a pane. */
  "tmux.pane.active": z.strictObject({ ...server, pane: shortText }),
  "tmux.client.attached": z.strictObject(client),
  "tmux.client.detached": z.strictObject(client),
  /** One line of a hook's spool: a point in time that tmux itself wrote down. Empty formats are null. */
  "tmux.hook.fired": z.strictObject({
    ...server,
    n: count,
    hook: shortText,
    session: shortText.nullable(),
    window: shortText.nullable(),
    pane: shortText.nullable(),
    client: boundedText.nullable(),
    status: z.int().nullable(),
    signal: z.int().nullable(),
    name: boundedText.nullable(),
    /** tmux had lost the end that this tells of, and wrote it down only when it was told of that (`tmux.server.nudged`): it is no hour of that end. */
    nudged: z.boolean().optional(),
  }),
  "tmux.hooks.installed": z.strictObject({ ...server, reason: z.enum(["started", "erased"]), hooks: count }),
  "tmux.hooks.removed": z.strictObject({ ...server, hooks: count }),
  /** SIGCHLD sent to a server that lost one (a zombie in a pane that tmux still calls alive, or dead without a status). */
  "tmux.server.nudged": z.strictObject({ ...server, pane: shortText, pid: count }),
} as const;
