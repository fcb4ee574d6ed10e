/**
 * A process that appends until it is killed: a cursor counts what it has handed over, and after each commit it prints how
 * far it got. Batches differ in size; shared payloads, folds and dictionaries are all in use.
 */
import { openLog } from "../../../store/log.ts";
import { beat, deriveBeats, OWN, tally } from "./events.ts";

const [path = "", name = "", until = "Infinity", pause = "0"] = process.argv.slice(2);
const log = openLog({
  path,
  identity: { ...OWN, machineId: "m1" },
  clock: { nowUs: () => Date.now() * 1000 },
  projections: [tally],
  derive: deriveBeats,
  busyTimeoutMs: 60_000,
});
const wait = new Int32Array(new SharedArrayBuffer(4));
for (let n = Number(log.cursor(name) ?? "0"); n < Number(until); ) {
  const size = Math.min(Number(until) - n, 1 + ((n * 7) % 23));
  const events = Array.from({ length: size }, (_, i) =>
    beat(name, { pid: n + i, status: (n + i) % 3 === 0 ? "busy" : "ok", occurredAtUs: Date.now() * 1000 }),
  );
  // Every other event repeats a payload, so that shared ones are written too.
  const doubled = events.flatMap((event) => [event, beat(`${name}-same`)]);
  const cursor = { name, expected: n === 0 ? null : String(n), next: String(n + size) };
  const appended = log.append({ source: "heartbeat", events: doubled, cursor });
  if (!appended.ok) throw new Error(`the cursor moved under its only owner: ${appended.actual}`);
  n += size;
  process.stdout.write(`${n}\n`);
  if (Number(pause) > 0) Atomics.wait(wait, 0, 0, Number(pause));
}
log.close();
