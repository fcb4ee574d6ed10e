/** A process that writes a story of `test/query/history/world.ts` into a log, event by event, and settles verdicts as it goes, until it is killed. */
import fc from "fast-check";
import { chronicleAt } from "../../../query/history/chronicler.ts";
import { derive, projections } from "../../../query/planes/all.ts";
import { openLog } from "../../../store/log.ts";
import { SMALL } from "../../query/history/kept-log.ts";
import { longStory } from "../../query/history/stories.ts";
import { play } from "../../query/history/world.ts";

const [path = "", seed = "1"] = process.argv.slice(2);
const clock = { us: 0, nowUs: () => clock.us };
const identity = { tenantId: "t", host: "h", machineId: "m" };
const log = openLog({ path, identity, clock, projections, chronicle: chronicleAt(SMALL), derive });
const { events } = play(fc.sample(longStory, { numRuns: 1, seed: Number(seed) }).flat());
for (let seq = log.lastSeq(); seq < events.length; seq += 1) {
  const { type, agent, source, occurredAtUs, precision, payload, recordedAtUs } = events[seq] as never;
  clock.us = recordedAtUs;
  log.append({ source, events: [{ type, agent, source, occurredAtUs, precision, payload }] });
  if (seq % 3 === 0) log.settle();
  process.stdout.write(`${seq + 1}\n`);
}
process.stdout.write("done\n");
log.close();
