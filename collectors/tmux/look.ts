import { constants } from "node:os";
import { FLEET_HOOKS, installedFormat } from "./hooks.ts";

/** One pane as `list-panes -a` told it. A window linked into two sessions makes two of these for each of its panes. */
export interface RawPane {
  readonly session: string;
  readonly window: string;
  readonly pane: string;
  readonly pid: number;
  readonly dead: boolean;
  readonly status: number | null;
  readonly signal: number | null;
  readonly diedAtSeconds: number | null;
  readonly activitySeconds: number | null;
  readonly createdSeconds: number | null;
  /** The session shares its windows with others, and is not the one that the group is named after: a viewer. */
  readonly viewer: boolean;
  readonly name: string;
}

export interface RawClient {
  readonly pid: number;
  readonly session: string;
  readonly readOnly: boolean;
  readonly control: boolean;
  readonly client: string;
}

export interface Look {
  readonly ok: true;
  readonly server: { readonly pid: number; readonly version: string };
  readonly sessions: number;
  /** For each of our hooks whether the server still has it, as far as a format can tell. */
  readonly hooked: readonly boolean[];
  /** Which state directory the hooks write to (`ownerOf`), "" without hooks. */
  readonly owner: string;
  readonly panes: readonly RawPane[];
  readonly clients: readonly RawClient[];
}

/** Names end up in events, whose text is bounded. */
export const MAX_NAME_CHARS = 2048;

const SERVER_FORMAT = `s|#{pid}|#{version}|#{S:.}|${installedFormat()}|#{s/[^0-9a-f]//:@fleet_owner}`;
// A client names its own terminal, so that name alone could hold a line break and forge a record.
const CLIENT_FORMAT =
  "c|#{client_pid}|#{session_id}|#{client_readonly}|#{client_control_mode}|#{s/[^ -~]/?/:client_name}";
const PANE_FORMAT = [
  "p|#{session_id}|#{window_id}|#{pane_id}|#{pane_pid}|#{pane_dead}|#{pane_dead_status}|#{pane_dead_signal}",
  "#{pane_dead_time}|#{window_activity}|#{session_created}",
  "#{session_grouped}#{==:#{session_group},#{session_name}}|#{session_name}",
].join("|");

/**
 * All that is asked in one look, as one command list of one client. The server's line comes first: a server without
 * sessions answers it and then refuses the lists ("no current target").
 */
export const LOOK_COMMANDS: readonly (readonly string[])[] = [
  ["display-message", "-p", SERVER_FORMAT],
  ["list-clients", "-F", CLIENT_FORMAT],
  ["list-panes", "-a", "-F", PANE_FORMAT],
];

/** Parses the answer to `LOOK_COMMANDS`. One line that does not parse spoils the look: what it hid would seem to be gone. */
export function parseLook(stdout: string): Look | { ok: false; reason: string; line: string } {
  let server: ServerLine | null = null;
  const panes: RawPane[] = [];
  const clients: RawClient[] = [];
  for (const line of stdout.split("\n")) {
    if (line === "") continue;
    const pane = line.startsWith("p|") ? parsePane(line) : null;
    const client = line.startsWith("c|") ? parseClient(line) : null;
    const said: ServerLine | null = line.startsWith("s|") && server === null ? parseServer(line) : null;
    if (pane !== null) panes.push(pane);
    else if (client !== null) clients.push(client);
    else if (said !== null) server = said;
    else return { ok: false, reason: "a line of list-panes or list-clients has another shape", line };
  }
  if (server === null) return { ok: false, reason: "the server's own line is missing", line: stdout };
  if (server.sessions > 0 && panes.length === 0) {
    return { ok: false, reason: "the server has sessions but listed no pane", line: stdout };
  }
  return { ok: true, ...server, panes, clients };
}

/**
 * One record for each pane. Where sessions share a window, the pane is told of the session that owns it rather than of one
 * that only views it; among equals of the oldest one, so that the answer is the same at each look.
 */
export function onePerPane(panes: readonly RawPane[]): RawPane[] {
  const chosen = new Map<string, RawPane>();
  for (const pane of panes) {
    const other = chosen.get(pane.pane);
    if (other === undefined || rank(pane) < rank(other)) chosen.set(pane.pane, pane);
  }
  return [...chosen.values()];
}

function rank(pane: RawPane): number {
  return Number(pane.session.slice(1)) + (pane.viewer ? 2 ** 40 : 0);
}

type ServerLine = Pick<Look, "server" | "sessions" | "hooked" | "owner">;

function parseServer(line: string): ServerLine | null {
  const match = /^s\|(\d+)\|([^|]{1,64})\|(\.*)\|([01]*)\|([0-9a-f]*)$/.exec(line);
  if (match === null) return null;
  const [, pid = "", version = "", dots = "", digits = "", owner = ""] = match;
  const hooked = FLEET_HOOKS.map((_, index) => digits[index] === "1");
  return { server: { pid: Number(pid), version }, sessions: dots.length, hooked, owner };
}

const CLIENT = /^c\|(\d+)\|(\$\d+)\|([01]?)\|([01]?)\|(.*)$/;

function parseClient(line: string): RawClient | null {
  const match = CLIENT.exec(line);
  if (match === null) return null;
  const [, pid = "", session = "", readOnly, control, client = ""] = match;
  return {
    pid: Number(pid),
    session,
    readOnly: readOnly === "1",
    control: control === "1",
    client: client.slice(0, MAX_NAME_CHARS),
  };
}

// `s`: a name may hold the Unicode line separators, where a `.` would stop.
const PANE =
  /^p\|(\$\d+)\|(@\d+)\|(%\d+)\|(-?\d*)\|([01]?)\|(\d*)\|(\w*)\|(\d*)\|(\d*)\|(\d*)\|([01]?)([01])\|(.*)$/s;

function parsePane(line: string): RawPane | null {
  const match = PANE.exec(line);
  if (match === null) return null;
  const [, session = "", window = "", pane = "", pid = "", dead] = match;
  const [status = "", signal = "", died = "", activity = "", created = "", grouped, leader] = match.slice(6);
  const name = match[13] ?? "";
  return {
    session,
    window,
    pane,
    // A pane can be made without a process (`split-window ''`): then there is no pid.
    pid: Math.max(0, Number(pid)),
    dead: dead === "1",
    status: integer(status),
    signal: signalNumber(signal),
    diedAtSeconds: integer(died),
    activitySeconds: integer(activity),
    createdSeconds: integer(created),
    viewer: grouped === "1" && leader === "0",
    name: name.slice(0, MAX_NAME_CHARS),
  };
}

function integer(text: string): number | null {
  return text === "" ? null : Number(text);
}

/** A number on Linux builds; where the C library knows signal names tmux prints `KILL` instead. */
export function signalNumber(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const names: Readonly<Record<string, number>> = constants.signals;
  return names[`SIG${text.toUpperCase().replace(/^SIG/, "")}`] ?? null;
}
