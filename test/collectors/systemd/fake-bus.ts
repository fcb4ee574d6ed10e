import { createServer, type Server, type Socket } from "node:net";
import { type BusMessage, createMessageReader } from "../../../collectors/systemd/dbus-wire.ts";

/** A message bus for tests: it answers the introduction and every call, and sends what it is told to. */
export interface FakeBus {
  readonly calls: BusMessage[];
  /** Sends a signal of the manager to everybody connected. */
  signal(member: string, path: string, args: readonly (string | boolean)[]): void;
  send(bytes: Buffer): void;
  /** Ends every connection, as a bus that is stopped. */
  drop(): void;
  close(): Promise<void>;
}

export interface FakeBusOptions {
  /** What the authentication is answered with; null: nothing. */
  readonly greeting?: string | null;
  /** Members that get an error, and those that get no answer at all. */
  readonly refuse?: readonly string[];
  readonly ignore?: readonly string[];
}

export async function startFakeBus(path: string, options: FakeBusOptions = {}): Promise<FakeBus> {
  const calls: BusMessage[] = [];
  const sockets = new Set<Socket>();
  const greeting = options.greeting === undefined ? "OK 0123456789abcdef\r\n" : options.greeting;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const reader = createMessageReader();
    let text = "";
    let begun = false;
    socket.on("data", (chunk) => {
      let rest = chunk;
      if (!begun) {
        text += chunk.toString("latin1");
        if (
          text.includes("AUTH EXTERNAL") &&
          text.endsWith("\r\n") &&
          !text.includes("BEGIN") &&
          greeting !== null
        )
          socket.write(greeting);
        const begin = text.indexOf("BEGIN\r\n");
        if (begin === -1) return;
        begun = true;
        rest = Buffer.from(text.slice(begin + 7), "latin1");
      }
      for (const call of reader.push(rest)) {
        calls.push(call);
        const member = call.member ?? "";
        if (options.ignore?.includes(member)) continue;
        const refused = options.refuse?.includes(member) ?? false;
        socket.write(
          message({ type: refused ? 3 : 2, replySerial: call.serial, args: refused ? ["no such name"] : [] }),
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const send = (bytes: Buffer): void => {
    for (const socket of sockets) socket.write(bytes);
  };
  return {
    calls,
    send,
    signal: (member, objectPath, args) => send(message({ type: 4, member, path: objectPath, args })),
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One message, written down independently of the code under test (D-Bus specification, "Message Format"). */
function message(of: {
  type: number;
  member?: string;
  path?: string;
  replySerial?: number;
  args: readonly (string | boolean)[];
}): Buffer {
  let fields = Buffer.alloc(0);
  const pad = (bytes: Buffer, to: number): Buffer =>
    Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const field = (code: number, type: string, value: Buffer): void => {
    fields = Buffer.concat([pad(fields, 8), Buffer.from([code, 1]), Buffer.from(`${type}\0`), value]);
  };
  const text = (value: string): Buffer =>
    Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(`${value}\0`)]);
  if (of.path !== undefined) field(1, "o", text(of.path));
  if (of.member !== undefined) field(3, "s", text(of.member));
  if (of.replySerial !== undefined) field(5, "u", u32(of.replySerial));
  if (of.type === 3) field(4, "s", text("org.freedesktop.DBus.Error.Failed"));
  const signature = of.args.map((arg) => (typeof arg === "string" ? "s" : "b")).join("");
  if (signature !== "")
    field(8, "g", Buffer.concat([Buffer.from([signature.length]), Buffer.from(`${signature}\0`)]));
  let body = Buffer.alloc(0);
  for (const arg of of.args)
    body = Buffer.concat([pad(body, 4), typeof arg === "string" ? text(arg) : u32(arg ? 1 : 0)]);
  const head = Buffer.concat([
    Buffer.from([0x6c, of.type, 0, 1]),
    u32(body.length),
    u32(99),
    u32(fields.length),
  ]);
  return Buffer.concat([head, pad(fields, 8), body]);
}
