import { readMirrorStatus } from "../../store/mirror-status.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { isHolderAlive } from "../holder.ts";
import { TRACES } from "../mirror-name.ts";
import { formatMirrorStatus, mirrorStatusDocument } from "../render/mirror-status.ts";

/** `fleet mirror status`: how far the mirror is. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  try {
    const status = readMirrorStatus(here.places.database, TRACES);
    const document = mirrorStatusDocument({
      ...reader.identity(),
      nowUs: nowUs(),
      logSeq: reader.lastSeq(),
      status,
      isAlive: isHolderAlive,
    });
    if (has(invocation, "json")) output.print(`${JSON.stringify(document, null, 2)}\n`);
    else output.print(`${formatMirrorStatus(document).join("\n")}\n`);
    return document.trouble === null ? EXIT.done : EXIT.failed;
  } finally {
    reader.close();
  }
}
