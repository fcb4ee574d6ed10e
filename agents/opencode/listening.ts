import { readdirSync, statSync } from "node:fs";
import { procLink, procText } from "../proc-file.ts";

/** A TCP socket as the kernel lists it. */
export interface TcpSocket {
  readonly address: string;
  readonly port: number;
  readonly peerPort: number;
  readonly state: "listens" | "established" | "other";
  readonly inode: string;
}

/** A server that this process itself holds, where it can be reached on this host. */
export interface Listener {
  readonly pid: number;
  readonly address: "127.0.0.1" | "::1";
  readonly port: number;
}

/** Which of a process's ports is asked, or why none is. `none`: it has none, which is how most are started. */
export type FoundListener =
  | { readonly state: "found"; readonly listener: Listener }
  | { readonly state: "none" }
  | { readonly state: "unsure"; readonly because: string };

const STATES: Readonly<Record<string, TcpSocket["state"]>> = { "0A": "listens", "01": "established" };

/**
 * The port that one of these processes listens on, by the kernel alone: the inode of the socket stands among the files that the process
 * holds. A port that somebody says is its own is never asked.
 */
export function listenerOf(pids: readonly number[], uid: number, procRoot = "/proc"): FoundListener {
  const own = pids.filter((pid) => ownerOf(pid, procRoot) === uid);
  const held = new Map(own.map((pid) => [pid, socketsHeldBy(pid, procRoot)]));
  const asked = own[0];
  if (asked === undefined) return { state: "none" };
  const named = new Set(own.flatMap((pid) => portsNamedBy(pid, procRoot)));
  const table = socketsIn(procRoot, asked).filter(({ state }) => state === "listens");
  const mine = own.flatMap((pid) =>
    table.filter(({ inode }) => held.get(pid)?.has(inode) === true).map((socket) => ({ pid, socket })),
  );
  const isNowhere = unsure("it does not listen on the port that its command line names");
  if (mine.length === 0) return named.size === 0 ? { state: "none" } : isNowhere;
  if (networkOf("self", procRoot) !== networkOf(String(asked), procRoot))
    return unsure("it listens in another network namespace");
  const chosen = mine.filter(({ socket }) => named.size === 0 || named.has(socket.port));
  const ports = new Set(chosen.map(({ socket }) => socket.port));
  const [first] = chosen;
  if (first === undefined) return isNowhere;
  if (ports.size > 1) return unsure(`it listens on several ports (${[...ports].sort().join(", ")})`);
  const { port } = first.socket;
  const others = table.filter((one) => one.port === port && !mine.some(({ socket }) => socket === one));
  if (others.length > 0) return unsure(`port ${port} is shared with another process`);
  const address = chosen.map(({ socket }) => REACHED_AT[socket.address]).find((one) => one !== undefined);
  if (address === undefined) return unsure(`port ${port} does not listen on loopback`);
  return { state: "found", listener: { pid: first.pid, address, port } };
}

/** Whether the far end of a connection of ours is held by this process: asked when it has answered, and so has accepted it. */
export function servesConnection(
  { pid, port }: Listener,
  ourPort: number,
  uid: number,
  procRoot = "/proc",
): boolean {
  if (ownerOf(pid, procRoot) !== uid) return false;
  const held = socketsHeldBy(pid, procRoot);
  return socketsIn(procRoot, pid).some(
    (one) =>
      one.state === "established" && one.port === port && one.peerPort === ourPort && held.has(one.inode),
  );
}

/** A variable of a process's environment, as it was started with; null where it has none or may not be read. */
export function variableOf(pid: number, name: string, uid: number, procRoot = "/proc"): string | null {
  if (ownerOf(pid, procRoot) !== uid) return null;
  const text = procText(`${procRoot}/${pid}/environ`, "utf8") ?? "";
  const found = text.split("\0").find((one) => one.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

/** The rows of `/proc/PID/net/tcp` and `tcp6`; rows of another form are passed over. Pure. */
export function parseSockets(text: string): TcpSocket[] {
  return text.split("\n").flatMap((line): TcpSocket[] => {
    const [, local = "", remote = "", state = "", , , , , , inode = ""] = line.trim().split(/\s+/);
    const [address = "", port = ""] = local.split(":");
    const peer = remote.split(":")[1] ?? "";
    if (!/^(?:[0-9A-F]{8}|[0-9A-F]{32})$/.test(address) || !/^\d+$/.test(inode)) return [];
    return [
      {
        address,
        port: Number.parseInt(port, 16),
        peerPort: Number.parseInt(peer, 16),
        state: STATES[state] ?? "other",
        inode,
      },
    ];
  });
}

/** Where an address of the kernel's is reached from this host: loopback itself, or all addresses. Each four bytes are one number there. */
const REACHED_AT: Readonly<Record<string, Listener["address"]>> = {
  "0100007F": "127.0.0.1",
  "00000000": "127.0.0.1",
  "00000000000000000000000000000000": "127.0.0.1",
  "0000000000000000FFFF00000100007F": "127.0.0.1",
  "00000000000000000000000001000000": "::1",
};

function socketsIn(procRoot: string, pid: number): TcpSocket[] {
  return ["tcp", "tcp6"].flatMap((table) => parseSockets(procText(`${procRoot}/${pid}/net/${table}`) ?? ""));
}

function socketsHeldBy(pid: number, procRoot: string): ReadonlySet<string> {
  const directory = `${procRoot}/${pid}/fd`;
  try {
    const links = readdirSync(directory).map((entry) => procLink(`${directory}/${entry}`) ?? "");
    return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  } catch {
    return new Set();
  }
}

/** `--port N` and `--port=N`; 0 means any. */
function portsNamedBy(pid: number, procRoot: string): number[] {
  const words = (procText(`${procRoot}/${pid}/cmdline`, "utf8") ?? "").split("\0");
  return words.flatMap((word, at) => {
    const said = word === "--port" ? words[at + 1] : /^--port=(.*)$/.exec(word)?.[1];
    const port = Number(said ?? 0);
    return Number.isInteger(port) && port > 0 ? [port] : [];
  });
}

function networkOf(pid: string, procRoot: string): string | null {
  return procLink(`${procRoot}/${pid}/ns/net`);
}

function ownerOf(pid: number, procRoot: string): number | null {
  try {
    return statSync(`${procRoot}/${pid}`).uid;
  } catch {
    return null;
  }
}

function unsure(because: string): FoundListener {
  return { state: "unsure", because };
}
