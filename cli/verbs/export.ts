import { FleetError } from "../../store/errors.ts";
import { type ExportFormat, exportEvents } from "../../store/export.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation, textOf } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { catchInterrupts } from "../interrupt.ts";
import { unknownAmong } from "../known-agents.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { namedPartition } from "../partition-asked.ts";
import { refuseBeforeTheLog } from "../passed-moment.ts";
import { progressOf } from "../progress.ts";
import { draftOf } from "../replace-file.ts";
import { selectionOf } from "../select-events.ts";
import { hintOnTypes } from "../type-hint.ts";

const OWNER_ONLY = 0o600;

/** `fleet export`: events as text for other programs. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const { filter: selected } = selectionOf(invocation, nowUs());
  const file = textOf(invocation, "output");
  if (has(invocation, "json") && file === undefined)
    throw new FleetError("usage", "--json says what was written to a file, and there is none", {
      hint: "Give --output FILE, or leave --json out: NDJSON is what an export prints anyway.",
    });
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  const { filter, own, last, unknown } = (() => {
    try {
      refuseBeforeTheLog(reader, selected.untilUs);
      const partition = namedPartition(invocation, reader);
      return {
        filter: { ...selected, ...(partition ?? {}) },
        own: partition ?? reader.identity(),
        last: reader.lastSeq(),
        unknown: unknownAmong(reader, selected.agents ?? []),
      };
    } finally {
      reader.close();
    }
  })();
  if (unknown !== null) return sayNoSuchAgent(output, unknown.name, unknown.known);

  const format = (textOf(invocation, "format") ?? "ndjson") as ExportFormat;
  const draft = file === undefined ? null : draftOf(file, OWNER_ONLY);
  const progress = draft === null ? null : progressOf(invocation, last);
  const interrupt = catchInterrupts();
  let events = 0;
  try {
    for (const piece of exportEvents(here.places.database, { filter, format })) {
      if (draft === null) output.print(piece.text);
      else draft.write(piece.text);
      events = piece.events;
      progress?.reached(piece.seq);
      // Between two pieces a signal can be heard.
      await new Promise((resolve) => setImmediate(resolve));
      if (interrupt.signal.aborted) break;
    }
    if (!interrupt.signal.aborted) draft?.commit();
  } finally {
    interrupt.release();
    progress?.end();
    draft?.discard();
  }
  if (interrupt.signal.aborted) return interrupt.exitCode();
  if (events === 0) output.complain(`No event matches.${await hintOnTypes(filter.types)}\n`);
  if (has(invocation, "json")) {
    const document = {
      schema: "fleet.export.v1",
      tenant_id: own.tenantId,
      host: own.host,
      format,
      file,
      events,
    };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else if (draft !== null) output.complain(`${events} events written to ${file}.\n`);
  return interrupt.exitCode();
}
