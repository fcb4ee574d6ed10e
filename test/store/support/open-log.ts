/** A process that opens the log and prints its name, or what is wrong with it. */
import Sqlite from "better-sqlite3";
import { openLog } from "../../../store/log.ts";

const [path = "", ...flags] = process.argv.slice(2);
if (flags.includes("--as-nobody")) {
  // Everything is loaded first: nobody may not be able to read the checkout.
  new Sqlite(":memory:").close();
  process.setgid?.(65534);
  process.setuid?.(65534);
}
try {
  const log = openLog({
    path,
    identity: { tenantId: "jarvis", host: "W-jarvis", machineId: "m1" },
    clock: { nowUs: () => Date.now() * 1000 },
    projections: [],
    derive: () => [],
  });
  process.stdout.write(log.logId);
  log.close();
} catch (error) {
  if (!flags.includes("--errors")) throw error;
  const { kind, message, hint } = error as { kind?: string; message: string; hint?: string };
  process.stdout.write(JSON.stringify({ kind, message, hint }));
}
