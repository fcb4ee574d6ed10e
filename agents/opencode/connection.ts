import { Agent, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { type Listener, servesConnection, variableOf } from "./listening.ts";

/** One connection to the server of an agent's own process, and to nothing else for as long as it lives. */
export interface Connection {
  /** Sends one request; its answer, or why there is none. `sent`: the server may have read it. */
  ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer | NoAnswer>;
  close(): void;
}

export interface Answer {
  readonly status: number;
  /** What was answered; null where it is no JSON. */
  readonly json: unknown;
}

export interface NoAnswer {
  readonly status: null;
  readonly sent: boolean;
  readonly because: string;
}

export type Opened =
  | { readonly state: "open"; readonly connection: Connection }
  | { readonly state: "unsure"; readonly because: string };

/** More than a server says of one session's last messages. */
const MAX_BYTES = 32 << 20;

/**
 * Connects, and proves whose server it is before anything of ours is said: the first question holds nothing, and when it is answered the kernel
 * must list the connection's far end among the files of the agent's process. All that follows goes over this very connection; when it is closed,
 * nothing is sent any more. A password that the server asks for is the one that it was started with.
 */
export async function openConnection(
  listener: Listener,
  { uid, timeLeftMs }: { readonly uid: number; timeLeftMs(): number },
  procRoot = "/proc",
): Promise<Opened> {
  const socket = await connected(listener, timeLeftMs());
  if (socket === null) return { state: "unsure", because: `port ${listener.port} cannot be connected to` };
  let authorization: string | null = null;
  const agent = onlyOver(socket);
  const ask: Connection["ask"] = (method, path, body) =>
    asked(agent, { ...listener, method, path, body, authorization, timeoutMs: timeLeftMs() });
  const connection: Connection = {
    ask,
    close() {
      agent.destroy();
      socket.destroy();
    },
  };
  const unsure = (because: string): Opened => {
    connection.close();
    return { state: "unsure", because };
  };
  const hello = await ask("GET", "/global/health");
  if (!servesConnection(listener, socket.localPort ?? 0, uid, procRoot))
    return unsure(`what answers on port ${listener.port} is not the agent's own process`);
  if (hello.status === null) return unsure(`port ${listener.port} does not answer: ${hello.because}`);
  if (hello.status === 401) {
    const password = variableOf(listener.pid, "OPENCODE_SERVER_PASSWORD", uid, procRoot);
    if (password === null) return unsure("its server asks for a password that its environment does not hold");
    const user = variableOf(listener.pid, "OPENCODE_SERVER_USERNAME", uid, procRoot) || "opencode";
    authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }
  const health = hello.status === 401 ? await ask("GET", "/global/health") : hello;
  if (health.status === 401) return unsure("its server does not take the password of its environment");
  const isOpenCode = health.status === 200 && (health.json as { healthy?: unknown } | null)?.healthy === true;
  return isOpenCode
    ? { state: "open", connection }
    : unsure(`what answers on port ${listener.port} is no server of OpenCode`);
}

function connected({ address, port }: Listener, timeoutMs: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    socket.setNoDelay(true);
    const timer = setTimeout(() => socket.destroy(new Error("no answer")), Math.max(1, timeoutMs));
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
    // Also later: a connection that breaks is told by the request that it breaks.
    socket.on("error", () => {
      clearTimeout(timer);
      resolve(null);
    });
  });
}

/** Keeps one connection, and makes no other in its place. */
function onlyOver(socket: Socket): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let isGiven = false;
  agent.createConnection = (_options, given) => {
    // Thrown, it would reach nobody: the agent also asks when a connection has just been closed.
    if (isGiven || socket.destroyed) given?.(new Error("the connection was closed"), socket);
    else {
      isGiven = true;
      return socket;
    }
    return undefined;
  };
  return agent;
}

interface Question {
  readonly address: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | null;
  readonly timeoutMs: number;
}

function asked(agent: Agent, question: Question): Promise<Answer | NoAnswer> {
  const { address, port, method, path, body, authorization, timeoutMs } = question;
  const text = body === undefined ? null : JSON.stringify(body);
  const headers = {
    ...(authorization === null ? {} : { authorization }),
    ...(text === null
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
  };
  return new Promise((resolve) => {
    let sent = false;
    const none = (because: string): void => resolve({ status: null, sent, because });
    try {
      const asking = request({ agent, host: address, port, method, path, headers }, (answer) =>
        read(answer).then((json) => {
          clearTimeout(timer);
          resolve({ status: answer.statusCode ?? 0, json });
        }, fail),
      );
      const timer = setTimeout(() => asking.destroy(new Error("no answer in time")), Math.max(1, timeoutMs));
      const fail = (error: Error): void => {
        clearTimeout(timer);
        none(error.message);
      };
      asking.once("socket", () => {
        sent = true;
      });
      asking.once("error", fail);
      asking.end(text);
    } catch (error) {
      none((error as Error).message);
    }
  });
}

async function read(answer: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    bytes += (part as Buffer).length;
    if (bytes > MAX_BYTES) throw new Error("the answer is larger than any that is known");
    parts.push(part as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return null;
  }
}
