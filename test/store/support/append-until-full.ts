/**
 * A process that appends until the disk takes no more, says what it was told, makes room by removing a file, and goes on.
 * Prints `acknowledged N` after each commit, the error as JSON, and `went on` in the end.
 */
import { rmSync } from "node:fs";
import { openLog } from "../../../store/log.ts";
import { beat, deriveBeats, OWN, tally } from "./events.ts";

const [path = "", ballast = ""] = process.argv.slice(2);
let acknowledged = 0;
const log = openLog({
  path,
  identity: { ...OWN, machineId: "m1" },
  clock: { nowUs: () => Date.now() * 1000 },
  projections: [tally],
  derive: deriveBeats,
});
const append = () => {
  const events = Array.from({ length: 50 }, (_, i) =>
    beat("a", { pid: acknowledged + i, status: "x".repeat(200) }),
  );
  const cursor = { name: "c", expected: log.cursor("c"), next: String(acknowledged + events.length) };
  const appended = log.append({ source: "heartbeat", events, cursor });
  if (!appended.ok) throw new Error(appended.reason);
  acknowledged += events.length;
  process.stdout.write(`acknowledged ${acknowledged}\n`);
};
try {
  for (;;) append();
} catch (error) {
  const { kind, message, hint } = error as { kind?: string; message: string; hint?: string };
  process.stdout.write(`${JSON.stringify({ kind, message, hint })}\n`);
}
if (ballast !== "") {
  rmSync(ballast);
  append();
  process.stdout.write("went on\n");
}
