/** A process that archives what a log has to archive, month after month, until it is killed; prints a line for each segment. */
import { archiveLog } from "../../../store/archive/archive-log.ts";

const [path = "", beforeUs = "0"] = process.argv.slice(2);
for (;;) {
  const { segments } = archiveLog({
    path,
    beforeUs: Number(beforeUs),
    nowUs: () => Date.now() * 1000,
    sizes: { segment: 60, block: 20 },
    recorded({ lastSeq }) {
      process.stdout.write(`${lastSeq}\n`);
      return true;
    },
  });
  if (segments === 0) break;
}
process.stdout.write("done\n");
