import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  listenerOf,
  parseSockets,
  servesConnection,
  variableOf,
} from "../../../agents/opencode/listening.ts";
import { capturedSockets } from "./captured.ts";

const UID = process.getuid?.() ?? 0;
const PID = 4864;
const [SERVER = "", CONNECTION = ""] = parseSockets(capturedSockets).map(({ inode }) => inode);
const OUR_PORT = 0xac12;
const LISTENING = capturedSockets.split("\n")[1] as string;
let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), "fleet-proc-"));
  process_("self", []);
});
afterEach(() => rmSync(proc, { recursive: true }));

interface Played {
  readonly table?: string;
  readonly argv?: readonly string[];
  readonly network?: string;
  readonly environ?: string;
}

/** A process of /proc, as far as it is read. */
function process_(pid: number | "self", inodes: readonly string[], played: Played = {}): void {
  const { table = capturedSockets, argv = ["opencode"], network = "net:[1]", environ = "" } = played;
  const directory = join(proc, String(pid));
  for (const folder of ["fd", "net", "ns"]) mkdirSync(join(directory, folder), { recursive: true });
  symlinkSync(network, join(directory, "ns/net"));
  symlinkSync("/dev/null", join(directory, "fd/0"));
  for (const [at, inode] of inodes.entries())
    symlinkSync(`socket:[${inode}]`, join(directory, `fd/${at + 1}`));
  writeFileSync(join(directory, "net/tcp"), table);
  writeFileSync(join(directory, "cmdline"), `${argv.join("\0")}\0`);
  writeFileSync(join(directory, "environ"), environ);
}
/** The captured table with one more server in it. */
const withServer = (address: string, port: number, inode: string): string =>
  capturedSockets +
  LISTENING.replace("0100007F:11F5", `${address}:${port.toString(16).toUpperCase().padStart(4, "0")}`)
    .replace(SERVER, inode)
    .concat("\n");
const find = (uid = UID, ...pids: number[]) => listenerOf(pids.length > 0 ? pids : [PID], uid, proc);

test("the rows of the kernel's table are read, and anything else is passed over", () => {
  expect(parseSockets(capturedSockets)).toHaveLength(5);
  expect(parseSockets(capturedSockets)[0]).toMatchObject({
    port: 4597,
    state: "listens",
    address: "0100007F",
  });
  expect(parseSockets(capturedSockets)[1]).toMatchObject({ peerPort: OUR_PORT, state: "established" });
  expect(parseSockets("nonsense\n 1: x:y z 0A\n")).toEqual([]);
});

test("the port is that of the server which the process holds itself", () => {
  process_(PID, [SERVER]);
  expect(find()).toEqual({ state: "found", listener: { pid: PID, address: "127.0.0.1", port: 4597 } });
});

test("a process that holds no server has no port, whoever listens on this host", () => {
  process_(PID, [CONNECTION]);
  expect(find()).toEqual({ state: "none" });
});

test("a port that the command line names and another process has is not asked", () => {
  process_(PID, [], { argv: ["opencode", "--port", "4597"] });
  process_(77, [SERVER]);
  expect(find()).toMatchObject({ state: "unsure", because: /command line names/ });
  expect(find(UID, PID)).not.toHaveProperty("listener");
});

test("a process of another user is not asked, nor its environment read", () => {
  process_(PID, [SERVER], { environ: "OPENCODE_SERVER_PASSWORD=word\0" });
  expect(find(UID + 1)).toEqual({ state: "none" });
  expect(variableOf(PID, "OPENCODE_SERVER_PASSWORD", UID, proc)).toBe("word");
  expect(variableOf(PID, "OPENCODE_SERVER_PASSWORD", UID + 1, proc)).toBeNull();
  expect(variableOf(PID, "SERVER_PASSWORD", UID, proc)).toBeNull();
});

test("of several servers only one that the command line names is taken", () => {
  const table = withServer("0100007F", 19_876, "555");
  process_(PID, [SERVER, "555"], { table });
  expect(find()).toMatchObject({ state: "unsure", because: "it listens on several ports (19876, 4597)" });
  rmSync(join(proc, String(PID)), { recursive: true });
  process_(PID, [SERVER, "555"], { table, argv: ["opencode", "--port=4597"] });
  expect(find()).toMatchObject({ state: "found", listener: { port: 4597 } });
});

test("a port that another process listens on as well is not asked: either might answer", () => {
  process_(PID, [SERVER], { table: withServer("00000000", 4597, "666") });
  expect(find()).toMatchObject({ state: "unsure", because: "port 4597 is shared with another process" });
});

test("a server on all addresses is reached on loopback, one on an address of the network is not", () => {
  process_(PID, ["777"], { table: withServer("00000000", 4000, "777") });
  expect(find()).toMatchObject({ state: "found", listener: { address: "127.0.0.1", port: 4000 } });
  process_(PID + 1, ["888"], { table: withServer("0A00A8C0", 4001, "888") });
  expect(find(UID, PID + 1)).toMatchObject({ state: "unsure", because: /does not listen on loopback/ });
});

test("a server in another network namespace is not asked: its port here is somebody else's", () => {
  process_(PID, [SERVER], { network: "net:[2]" });
  expect(find()).toMatchObject({ state: "unsure", because: "it listens in another network namespace" });
});

test("a connection is served by the process only if that holds its far end", () => {
  process_(PID, [SERVER, CONNECTION]);
  const listener = { pid: PID, address: "127.0.0.1", port: 4597 } as const;
  expect(servesConnection(listener, OUR_PORT, UID, proc)).toBe(true);
  expect(servesConnection(listener, OUR_PORT + 1, UID, proc)).toBe(false);
  expect(servesConnection(listener, OUR_PORT, UID + 1, proc)).toBe(false);
  process_(78, [SERVER]);
  expect(servesConnection({ ...listener, pid: 78 }, OUR_PORT, UID, proc)).toBe(false);
});
