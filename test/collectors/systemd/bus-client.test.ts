import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectBus } from "../../../collectors/systemd/bus-client.ts";
import type { BusMessage } from "../../../collectors/systemd/dbus-wire.ts";
import { type FakeBus, type FakeBusOptions, startFakeBus } from "./fake-bus.ts";

let directory: string;
let bus: FakeBus | null = null;
let stop: AbortController;
const signals: BusMessage[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-bus-"));
  stop = new AbortController();
  signals.length = 0;
});
afterEach(async () => {
  stop.abort();
  await bus?.close();
  bus = null;
  rmSync(directory, { recursive: true, force: true });
});

async function start(options: FakeBusOptions = {}): Promise<FakeBus> {
  bus = await startFakeBus(join(directory, "bus"), options);
  return bus;
}
const connect = (deadlineMs = 5_000) =>
  connectBus({
    socketPath: join(directory, "bus"),
    uid: 1001,
    deadlineMs,
    signal: stop.signal,
    onSignal: (signal) => signals.push(signal),
  });

test("it introduces itself, asks, and hears signals", async () => {
  const server = await start();
  const client = await connect();
  await client.ask({ ask: "match", rule: "type='signal'" });
  await client.ask({ ask: "subscribe" });
  await client.ask({ ask: "ping" });
  expect(server.calls.map((call) => call.member)).toEqual(["Hello", "AddMatch", "Subscribe", "Ping"]);
  server.signal("UnitFilesChanged", "/org/freedesktop/systemd1", []);
  await expect.poll(() => signals.map((signal) => signal.member)).toEqual(["UnitFilesChanged"]);
});

test("a missing bus, a refusal and a silent bus are errors with a reason", async () => {
  await expect(connect()).rejects.toThrow("ENOENT");
  const refusing = await start({ greeting: "REJECTED EXTERNAL\r\n" });
  await expect(connect()).rejects.toThrow("refused us: REJECTED EXTERNAL");
  await refusing.close();
  const silent = await start({ greeting: null });
  await expect(connect(50)).rejects.toThrow("did not answer within 50 ms");
  await silent.close();
  const endless = await start({ greeting: "x".repeat(5_000) });
  await expect(connect()).rejects.toThrow("no line");
  await endless.close();
});

test("an error reply and a call that is never answered reject that call only", async () => {
  await start({ refuse: ["Subscribe"], ignore: ["Ping"] });
  const client = await connect(50);
  await expect(client.ask({ ask: "subscribe" })).rejects.toThrow("no such name");
  await expect(client.ask({ ask: "ping" })).rejects.toThrow('did not answer "ping" within 50 ms');
  await expect(client.ask({ ask: "match", rule: "type='signal'" })).resolves.toBeUndefined();
});

test("a bus that goes away rejects what is waiting and says so once", async () => {
  const server = await start({ ignore: ["Ping"] });
  const client = await connect();
  const gone = /closed the connection|ECONNRESET/;
  const waiting = expect(client.ask({ ask: "ping" })).rejects.toThrow(gone);
  server.drop();
  await waiting;
  expect(await client.closed).toMatch(gone);
  await expect(client.ask({ ask: "ping" })).rejects.toThrow(gone);
});

test("bytes that are no D-Bus end the connection, not the process", async () => {
  const server = await start();
  const client = await connect();
  server.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
  expect(await client.closed).toContain("begins with byte 72");
});

test("the signal ends a connection, also while it is being made", async () => {
  await start({ greeting: null });
  const making = expect(connect()).rejects.toThrow("closed by us");
  stop.abort();
  await making;
  await expect(connect()).rejects.toThrow("closed by us");
});
