import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openConnection } from "../../../agents/opencode/connection.ts";
import { captured } from "./captured.ts";

const uid = process.getuid?.() ?? 0;
const asking = { uid, timeLeftMs: () => 20_000 };
const HEALTH = JSON.stringify(captured("health").json);
let server: Server;
let asked: string[] = [];
let connections: Socket[] = [];
afterEach(() => {
  for (const socket of connections) socket.destroy();
  server.close();
  asked = [];
  connections = [];
});

/** A server of this very process. */
async function serve(answer: (asked: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
    answer(request, response);
  });
  server.on("connection", (socket) => connections.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
const at = (port: number, pid = process.pid) => ({ pid, address: "127.0.0.1", port }) as const;

test("the agent's own server is asked all things over one connection", async () => {
  const port = await serve((_asked, response) => response.end(HEALTH));
  const opened = await openConnection(at(port), asking);
  if (opened.state !== "open") throw new Error(opened.because);
  expect(await opened.connection.ask("GET", "/session/status")).toMatchObject({ status: 200 });
  expect(await opened.connection.ask("POST", "/session/x/prompt_async", { a: 1 })).toMatchObject({
    status: 200,
  });
  expect(asked).toEqual(["GET /global/health -", "GET /session/status -", "POST /session/x/prompt_async -"]);
  expect(connections).toHaveLength(1);
  opened.connection.close();
});

test("another process's server hears one question that holds nothing, and no password though it asks for one", async () => {
  const port = await serve((_asked, response) => {
    response.statusCode = 401;
    response.end();
  });
  expect(await openConnection(at(port, process.ppid), asking)).toMatchObject({
    state: "unsure",
    because: `what answers on port ${port} is not the agent's own process`,
  });
  expect(asked).toEqual(["GET /global/health -"]);
});

test("a connection that was closed is not made again behind anybody's back", async () => {
  const port = await serve((_asked, response) => response.end(HEALTH));
  const opened = await openConnection(at(port), asking);
  if (opened.state !== "open") throw new Error(opened.because);
  // Whoever listens there now was never looked at.
  for (const socket of connections) socket.destroy();
  await expect
    .poll(async () => (await opened.connection.ask("POST", "/session/x/prompt_async", { a: 1 })).status)
    .toBeNull();
  expect(connections).toHaveLength(1);
  expect(asked.filter((line) => line.startsWith("POST"))).toEqual([]);
  opened.connection.close();
});

test("what is no server of OpenCode is told, and so is one that asks for a password that nobody gave it", async () => {
  const port = await serve((request, response) => {
    response.statusCode = request.url === "/global/health" && asked.length > 1 ? 401 : 200;
    response.end("<html>");
  });
  expect(await openConnection(at(port), asking)).toMatchObject({ because: /no server of OpenCode/ });
  expect(await openConnection(at(port), asking)).toMatchObject({ because: /its environment does not hold/ });
  expect(asked.join()).not.toContain("Basic");
});

test("a server that does not answer is given up, and a port that is closed is told", async () => {
  const port = await serve(() => undefined);
  const short = { uid, timeLeftMs: () => 50 };
  expect(await openConnection(at(port), short)).toMatchObject({ state: "unsure" });
  server.close();
  for (const socket of connections) socket.destroy();
  await expect
    .poll(async () => await openConnection(at(port), asking))
    .toMatchObject({ because: `port ${port} cannot be connected to` });
});
