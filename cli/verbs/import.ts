import { closeSync, fstatSync, openSync } from "node:fs";
import { hostname } from "node:os";
import { FleetError } from "../../store/errors.ts";
import { type Imported, importEvents } from "../../store/import.ts";
import { createClock } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { resolveNames } from "../environment.ts";
import { EXIT } from "../exit.ts";
import { lookAround } from "../here.ts";
import { linesOf } from "../lines.ts";
import { machineId } from "../machine-id.ts";
import { openOwnLog } from "../own-log.ts";
import { formatMoment, isoMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";
import { ensureStateDirectory } from "../state-directory.ts";
import { userName } from "../user-name.ts";

const STANDARD_INPUT = 0;

/** `fleet import`: an empty log filled with another's events. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const [file = "-"] = invocation.arguments;
  const here = lookAround(environment);
  const names = resolveNames(environment, { ...here.account, hostname: hostname() });
  const called = file === "-" ? "standard input" : visible(file);
  const descriptor = file === "-" ? STANDARD_INPUT : opened(file, called);
  let imported: Imported;
  try {
    ensureStateDirectory(here.places, here.account.uid);
    const isShown = output.isTerminal && !has(invocation, "json");
    imported = importEvents({
      path: here.places.database,
      identity: {
        tenantId: names.tenantOverride ?? userName(here.account.uid),
        host: names.host,
        machineId: machineId(),
      },
      nowUs: createClock().nowUs(),
      lines: linesOf(descriptor, called),
      called,
      progress: (events) => {
        if (isShown && events % 50_000 === 0) output.complain(`\r${events} events\u001b[K`);
      },
    });
    if (isShown && imported.events >= 50_000) output.complain("\r\u001b[K");
  } finally {
    if (descriptor !== STANDARD_INPUT) closeSync(descriptor);
  }
  // Opened for appending it is folded from the beginning, since no fold has run yet.
  const { log, identity } = openOwnLog(environment, { keepIdentity: true });
  log.close();
  const { logId, events, origins, firstRecordedAtUs, lastRecordedAtUs, firstOriginSeq, missing } = imported;
  if (has(invocation, "json")) {
    const document = {
      schema: "fleet.import.v1",
      tenant_id: identity.tenantId,
      host: identity.host,
      log_id: logId,
      events,
      origin_logs: origins,
      first_recorded_at: isoMoment(firstRecordedAtUs),
      last_recorded_at: isoMoment(lastRecordedAtUs),
      first_origin_seq: firstOriginSeq,
      missing: {
        events: missing.events,
        first_after:
          missing.firstAfter === null
            ? null
            : { origin_log: missing.firstAfter.originLog, origin_seq: missing.firstAfter.originSeq },
      },
    };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    const from = origins.length === 1 ? "one log" : `${origins.length} logs`;
    output.print(
      `Imported ${events} events of ${from}, recorded from ${formatMoment(firstRecordedAtUs)} to ${formatMoment(lastRecordedAtUs)}.\n` +
        absent(imported) +
        `This log now answers for ${visible(identity.tenantId)}@${visible(identity.host)}: \`fleet ps --no-collect\`.\n`,
    );
  }
  return EXIT.done;
}

function opened(file: string, called: string): number {
  try {
    const descriptor = openSync(file, "r");
    if (!fstatSync(descriptor).isDirectory()) return descriptor;
    closeSync(descriptor);
    throw new Error("it is a directory");
  } catch (error) {
    throw new FleetError("usage", `${called} cannot be read: ${(error as Error).message}`, {
      hint: "Name a file that `fleet export` wrote, or - for standard input.",
      cause: error,
    });
  }
}

/** What is not in the file, of the logs that its events were written in: their numbers tell that, and not whether it was left out on purpose. */
function absent({ origins, firstOriginSeq, missing: { events, firstAfter } }: Imported): string {
  const told: string[] = [];
  if (firstOriginSeq > 1) told.push(`What came before #${firstOriginSeq} of its log is not in this file`);
  if (firstAfter !== null) {
    const sequences = origins.length === 1 ? "its sequence" : "their sequences";
    const log = origins.length === 1 ? "" : ` of log ${firstAfter.originLog}`;
    const where = `after #${firstAfter.originSeq}${log}`;
    told.push(
      events === 1
        ? `1 event of ${sequences} is not in this file, ${where}`
        : `${events} events of ${sequences} are not in this file, the first ${where}`,
    );
  }
  return told.length === 0 ? "" : `${told.join("; ")}: filtered, or lost.\n`;
}
