import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import { MAX_NAME_CHARS, signalNumber } from "./look.ts";

/** One line that a hook appended to the spool. */
export interface HookLine {
  /** Counted in the server, from 1: its order there. */
  readonly n: number;
  readonly server: number;
  readonly atSeconds: number;
  readonly hook: string;
  readonly session: string | null;
  readonly window: string | null;
  readonly pane: string | null;
  readonly client: string | null;
  readonly status: number | null;
  readonly signal: number | null;
  readonly name: string | null;
}

const LINE = new RegExp(
  [
    "^(\\d{1,15})", // counter
    "(\\d{1,10})", // server pid
    "(\\d{1,11})", // epoch, seconds
    "([a-z-]{1,64})", // hook
    "((?:\\$\\d{1,10})?)",
    "((?:@\\d{1,10})?)",
    "((?:%\\d{1,10})?)",
    "([^|]{0,2048})", // client
    "(\\d{0,10})", // status
    "(\\w{0,16})", // signal
    "(.*)$", // name: it alone may hold the separator
  ].join("\\|"),
  "su", // a name may hold the Unicode line separators, where a `.` would stop
);

/** `n|server|epoch|hook|session|window|pane|client|status|signal|name`, without its newline. */
export function parseHookLine(text: string): { ok: true; line: HookLine } | { ok: false; reason: string } {
  if (hasControlCharacter(text)) return { ok: false, reason: "a hook line with control characters" };
  const match = LINE.exec(text);
  if (match === null) return { ok: false, reason: "not a line of a fleet hook" };
  const [, n, server, atSeconds, hook = "", session = "", window = "", pane = ""] = match;
  const [client = "", status = "", signal = "", name = ""] = match.slice(8);
  return {
    ok: true,
    line: {
      n: Number(n),
      server: Number(server),
      atSeconds: Number(atSeconds),
      hook,
      session: session || null,
      window: window || null,
      pane: pane || null,
      client: client || null,
      status: status === "" ? null : Number(status),
      signal: signalNumber(signal),
      name: name.slice(0, MAX_NAME_CHARS) || null,
    },
  };
}

/** Background jobs are not run in order; the server's own counter says what the order was. */
export function inServerOrder(lines: readonly HookLine[]): HookLine[] {
  const servers = new Map<number, number>();
  for (const { server } of lines) if (!servers.has(server)) servers.set(server, servers.size);
  const place = (line: HookLine): number => servers.get(line.server) ?? 0;
  return [...lines].sort((a, b) => place(a) - place(b) || a.n - b.n);
}

/** What a line alone does not tell. */
export interface Beholder {
  /** Whose pane it is where the line itself names no session. */
  agentOf(line: HookLine): string | null;
  /** Whether it is about an end that its server had lost, and was told of: it was written then, and not at that end. Each is asked about once. */
  wasNudged(line: HookLine): boolean;
}

/** Whoever saw nothing but the lines. */
export const NO_BEHOLDER: Beholder = { agentOf: () => null, wasNudged: () => false };

export function hookEvent(
  line: HookLine,
  socket: string,
  { agentOf, wasNudged }: Beholder,
): NewEvent<"tmux.hook.fired", PayloadOf<"tmux.hook.fired">> {
  const { atSeconds, ...payload } = line;
  return {
    type: "tmux.hook.fired",
    agent: line.name ?? agentOf(line),
    source: "tmux-hook",
    occurredAtUs: atSeconds * 1_000_000,
    precision: "s",
    payload: { socket, ...payload, ...(wasNudged(line) ? { nudged: true } : {}) },
  };
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
