import type { CollectorContext } from "../collector.ts";
import type { TmuxSettings } from "./collector.ts";
import { NO_BEHOLDER } from "./hook-line.ts";
import { lookTwiceAtZombies } from "./look-at-socket.ts";
import { publishRejectedLine, publishSight } from "./publish.ts";
import { parseRemembered, REMEMBERED_SOCKETS } from "./remembered.ts";
import { listSockets } from "./sockets.ts";
import { createSpoolFeed } from "./spool-feed.ts";
import { isSpoolName } from "./spool-file.ts";

/** One socket that is stuck for its whole deadline holds up none of the others. */
const AT_ONCE = 16;

/** One look at every socket of this user, and the lines that hooks have left. Sets and changes nothing. */
export async function sampleSockets(settings: TmuxSettings, context: CollectorContext): Promise<void> {
  const rostered = settings.sockets();
  for (const socket of rostered.filter(({ name }) => isSpoolName(name))) {
    await createSpoolFeed({
      place: { directory: settings.spoolDirectory, socketName: socket.name },
      socketPath: socket.path,
      context,
      beholder: NO_BEHOLDER,
      rotateBytes: Number.POSITIVE_INFINITY,
      lingerMs: 0,
    }).drain();
  }
  const remembered = parseRemembered(context.cursor(REMEMBERED_SOCKETS));
  const expected = new Set([...rostered.map(({ path }) => path), ...remembered]);
  const all = new Set([...expected, ...listSockets(settings.socketDirectory).map(({ path }) => path)]);
  await eachOf([...all], AT_ONCE, async (socketPath) => {
    const { clock, signal } = context;
    const sight = await lookTwiceAtZombies({ ...settings, socketPath, clock, signal, settled: new Set() });
    if (context.signal.aborted) return;
    // A dead server's socket that nobody here ever saw alive is not worth a word.
    if (sight.state === "gone" && !expected.has(socketPath)) return;
    if (sight.state === "unavailable" && sight.line !== null) {
      publishRejectedLine(context, socketPath, sight.reason, sight.line);
    }
    publishSight(context, socketPath, sight);
  });
}

async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
