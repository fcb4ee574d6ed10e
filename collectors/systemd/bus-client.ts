import { createConnection, type Socket } from "node:net";
import {
  type BusCall,
  type BusMessage,
  BusProtocolError,
  createMessageReader,
  encodeCall,
} from "./dbus-wire.ts";

/**
 * What is ever asked over the bus. Closed on purpose: a collector observes, so there is no way to start, stop or change
 * anything from here. `Subscribe` makes the manager send signals at all: without one subscriber it is silent.
 */
export type BusRequest =
  | { readonly ask: "hello" }
  | { readonly ask: "match"; readonly rule: string }
  | { readonly ask: "subscribe" }
  | { readonly ask: "ping" };

export interface Bus {
  /** Resolves when the bus or the manager has answered; rejects on an error reply, a deadline or a lost connection. */
  ask(request: BusRequest): Promise<void>;
  /** Resolves once, with the reason, when the connection is over, whoever ended it. */
  readonly closed: Promise<string>;
  close(reason: string): void;
}

export interface BusOptions {
  readonly socketPath: string;
  /** Our own uid: EXTERNAL says who we are and the bus compares it with the socket's credentials. */
  readonly uid: number;
  readonly deadlineMs: number;
  /** Ends the connection, also one that is being made. */
  readonly signal: AbortSignal;
  readonly onSignal: (signal: BusMessage) => void;
}

const BUS = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
};
const MANAGER = { destination: "org.freedesktop.systemd1", path: "/org/freedesktop/systemd1" };
const MAX_AUTH_BYTES = 4096;

/** Connects and introduces itself (`Hello`). Rejects with a sentence when the bus is missing, refuses or does not answer. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const socket = createConnection({ path: options.socketPath });
  const pending = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let lastSerial = 0;
  let endedBecause: string | null = null;
  let tellClosed: (reason: string) => void = () => {};
  const closed = new Promise<string>((resolve) => {
    tellClosed = resolve;
  });
  const end = (reason: string): void => {
    if (endedBecause !== null) return;
    endedBecause = reason;
    options.signal.removeEventListener("abort", onAbort);
    socket.destroy();
    for (const waiting of pending.values()) waiting.reject(new Error(reason));
    pending.clear();
    tellClosed(reason);
  };
  const onAbort = (): void => end("closed by us");
  options.signal.addEventListener("abort", onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  // These stay for the socket's whole life: an error without a listener would end the process.
  socket.on("error", (error) => end(`the user bus ${options.socketPath}: ${error.message}`));
  socket.on("close", () => end(`the user bus ${options.socketPath} closed the connection`));

  const receive = (message: BusMessage): void => {
    if (message.type === "signal") return options.onSignal(message);
    // Calls to us go unanswered: we offer nothing, and the caller has its own deadline.
    if (message.replySerial === null) return;
    const waiting = pending.get(message.replySerial);
    pending.delete(message.replySerial);
    if (message.type === "return") waiting?.resolve();
    else if (message.type === "error") waiting?.reject(new Error(errorText(message)));
  };
  const ask = (request: BusRequest): Promise<void> =>
    new Promise((resolve, reject) => {
      if (endedBecause !== null) return reject(new Error(endedBecause));
      lastSerial += 1;
      const serial = lastSerial;
      const timer = setTimeout(() => {
        pending.delete(serial);
        reject(new Error(`the user bus did not answer "${request.ask}" within ${options.deadlineMs} ms`));
      }, options.deadlineMs);
      pending.set(serial, {
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      socket.write(encodeCall(callOf(request), serial));
    });

  try {
    const rest = await authenticate(socket, closed, options);
    const reader = createMessageReader();
    const onData = (chunk: Buffer): void => {
      try {
        for (const message of reader.push(chunk)) receive(message);
      } catch (error) {
        if (!(error instanceof BusProtocolError)) throw error;
        end(`the user bus sent ${error.message}`);
      }
    };
    socket.on("data", onData);
    if (rest.length > 0) onData(rest);
    await ask({ ask: "hello" });
  } catch (error) {
    end(error instanceof Error ? error.message : String(error));
    throw error;
  }
  return { ask, closed, close: end };
}

/** SASL: a NUL byte, `AUTH EXTERNAL <uid in hex>`, `OK`, `BEGIN`. Returns what came after the answer's line. */
function authenticate(socket: Socket, closed: Promise<string>, options: BusOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let held: Buffer = Buffer.alloc(0);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.off("data", onData);
      act();
    };
    const refuse = (reason: string): void => settle(() => reject(new Error(reason)));
    const timer = setTimeout(
      () => refuse(`the user bus ${options.socketPath} did not answer within ${options.deadlineMs} ms`),
      options.deadlineMs,
    );
    void closed.then(refuse);
    const onData = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      const lineEnd = held.indexOf("\r\n");
      if (lineEnd === -1) {
        if (held.length > MAX_AUTH_BYTES) refuse("the user bus answered the authentication with no line");
        return;
      }
      const line = held.toString("latin1", 0, Math.min(lineEnd, 200));
      if (!line.startsWith("OK ")) return refuse(`the user bus refused us: ${line}`);
      settle(() => {
        socket.write("BEGIN\r\n");
        resolve(held.subarray(lineEnd + 2));
      });
    };
    socket.on("data", onData);
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(options.uid)).toString("hex")}\r\n`);
  });
}

function callOf(request: BusRequest): BusCall {
  switch (request.ask) {
    case "hello":
      return { ...BUS, member: "Hello", args: [] };
    case "match":
      return { ...BUS, member: "AddMatch", args: [request.rule] };
    case "subscribe":
      return { ...MANAGER, interface: "org.freedesktop.systemd1.Manager", member: "Subscribe", args: [] };
    case "ping":
      return { ...MANAGER, interface: "org.freedesktop.DBus.Peer", member: "Ping", args: [] };
  }
}

function errorText(message: BusMessage): string {
  const text = message.body[0];
  return typeof text === "string" && text !== "" ? text.slice(0, 400) : (message.errorName ?? "an error");
}
