/** A process that uses the log as a verb would, and prints the address of every module that this made it load. */
import { registerHooks } from "node:module";

const [mode, path = ""] = process.argv.slice(2);
const loaded: string[] = [];
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    loaded.push(resolved.url);
    return resolved;
  },
});
if (mode === "append") {
  const { openLog } = await import("../../../store/log.ts");
  const { beat, tally } = await import("./events.ts");
  const log = openLog({
    path,
    identity: { tenantId: "jarvis", host: "W-jarvis", machineId: null },
    clock: { nowUs: () => Date.now() * 1000 },
    projections: [tally],
    derive: () => [],
  });
  log.append({ source: "heartbeat", events: [beat("a")] });
  log.close();
} else {
  const { openReader } = await import("../../../store/reader.ts");
  const reader = openReader(path);
  [...reader.events({})];
  reader.documents(reader.identity());
  reader.close();
}
process.stdout.write(JSON.stringify(loaded));
