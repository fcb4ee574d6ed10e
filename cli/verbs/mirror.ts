import { FleetError } from "../../store/errors.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation, textOf } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { catchInterrupts } from "../interrupt.ts";
import { keepUp } from "../keep-up.ts";
import { runMirror } from "../mirroring.ts";
import { formatClock, isoMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";
import { localOffsetMs, parseMoment } from "../time.ts";
import { sayWhichOfTwo } from "../which-of-two.ts";

/** `fleet mirror`: the log as traces, until it is ended. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  const who = reader.identity();
  const fromUs = startOf(invocation, (seq) => reader.event(seq)?.occurredAtUs ?? null);
  keepUp(reader, invocation);
  reader.close();
  const say = (what: string, text: string, more: Record<string, unknown>, isTrouble: boolean): void => {
    if (has(invocation, "json")) {
      const line = {
        schema: "fleet.mirror.v1",
        tenant_id: who.tenantId,
        host: who.host,
        at: isoMoment(nowUs()),
        what,
        ...more,
      };
      output.print(`${JSON.stringify(line)}\n`);
    } else (isTrouble ? output.complain : output.print)(`${formatClock(nowUs())} ${visible(text)}\n`);
  };
  const interrupt = catchInterrupts();
  const ends = has(invocation, "while-stdin") ? [interrupt.signal, stdinEnds()] : [interrupt.signal];
  try {
    await runMirror({
      places: here.places,
      variables: environment,
      signal: AbortSignal.any(ends),
      fromUs,
      heartbeatSpans: has(invocation, "heartbeat-spans"),
      once: has(invocation, "once"),
      onStart: ({ url, protocol, compression }) =>
        say(
          "started",
          `mirroring ${who.tenantId}@${who.host} to ${withoutSecrets(url)} (${protocol}${compression === "gzip" ? ", gzip" : ""})`,
          { url: withoutSecrets(url), protocol, compression },
          false,
        ),
      onTrouble: (reason) =>
        say(
          "trouble",
          reason === null ? "the receiver answers again" : `the receiver: ${reason}`,
          { reason },
          reason !== null,
        ),
    });
    // systemd reads a stop as success; a person who interrupted is told so.
    return interrupt.cause() === "SIGINT" ? EXIT.interrupted : EXIT.done;
  } finally {
    interrupt.release();
  }
}

function startOf(invocation: Invocation, momentOfEvent: (seq: number) => number | null): number | null {
  const text = textOf(invocation, "from");
  if (text === undefined) return null;
  const now = nowUs();
  const moment = parseMoment(text, { nowUs: now, offsetMs: localOffsetMs });
  const said = `--from ${JSON.stringify(text)}`;
  const refuse = (reason: string) =>
    new FleetError("usage", `${said}: ${reason}`, {
      hint: "See `fleet mirror --help`.",
    });
  if (!moment.ok) throw refuse(moment.reason);
  if (moment.kind === "instant") {
    sayWhichOfTwo(invocation.output, said, moment, now);
    return moment.atUs;
  }
  const atUs = momentOfEvent(moment.seq);
  if (atUs === null) throw refuse("there is no such event");
  return atUs;
}

/** User and password of a URL are nobody's business. */
function withoutSecrets(url: string): string {
  const parsed = new URL(url);
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}

/** A mirror that runs beside a recorder ends with it, however that one ended. */
function stdinEnds(): AbortSignal {
  const ending = new AbortController();
  process.stdin
    .on("end", () => ending.abort())
    .on("error", () => ending.abort())
    .resume();
  return ending.signal;
}
