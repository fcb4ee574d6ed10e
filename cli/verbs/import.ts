import { closeSync, fstatSync, openSync } from "node:fs";
import { hostname } from "node:os";
import { FleetError } from "../../store/errors.ts";
import { importEvents } from "../../store/import.ts";
import { createClock } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { resolveNames } from "../environment.ts";
import { EXIT } from "../exit.ts";
import { lookAround } from "../here.ts";
import { linesOf } from "../lines.ts";
import { machineId } from "../machine-id.ts";
import { openOwnLog, userName } from "../own-log.ts";
import { formatMoment, isoMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";
import { ensureStateDirectory } from "../state-directory.ts";

const STANDARD_INPUT = 0;

/** `fleet import`: an empty log filled with another's events. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const [file = "-"] = invocation.arguments;
  const here = lookAround(environment);
  const names = resolveNames(environment, { ...here.account, hostname: hostname() });
  const called = file === "-" ? "standard input" : visible(file);
  const descriptor = file === "-" ? STANDARD_INPUT : opened(file, called);
  let imported: ReturnType<typeof importEvents>;
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
  const { logId, events, origins, firstRecordedAtUs, lastRecordedAtUs } = imported;
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
    };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    const from = origins.length === 1 ? "one log" : `${origins.length} logs`;
    output.print(
      `Imported ${events} events of ${from}, recorded from ${formatMoment(firstRecordedAtUs)} to ${formatMoment(lastRecordedAtUs)}.\n` +
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
