import { bootId, readProcess } from "../../collectors/proc/stat.ts";
import { supervise } from "../../collectors/supervise.ts";
import { FleetError } from "../../store/errors.ts";
import type { Log } from "../../store/log.ts";
import { type Collecting, collectingFor } from "../collecting.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { isHolderAlive } from "../holder.ts";
import { catchInterrupts } from "../interrupt.ts";
import { type OwnLog, openOwnLog } from "../own-log.ts";
import { ownSpans } from "../own-spans.ts";
import { formatMoment } from "../render/moment.ts";
import { VERSION } from "../version.ts";
import { startBootWatch } from "./boot-watch.ts";
import { createCoverage } from "./coverage.ts";
import { guardLog } from "./guarded-log.ts";
import { type MetricsAddress, metricsAddress, startMetricsEndpoint } from "./metrics-endpoint.ts";
import { startMirrorChild } from "./mirror-child.ts";
import { startPulse } from "./pulse.ts";
import { createVoice, type Voice } from "./voice.ts";

/** Records until a signal ends it; one recorder for each log. */
export async function record(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const wanted = metricsAddress(invocation);
  const interrupt = catchInterrupts();
  const own = openOwnLog(environment);
  const { log, clock, identity } = own;
  try {
    const spans = await ownSpans(environment, identity);
    const attributes = { "fleet.state_directory": own.here.places.stateDirectory };
    if (spans === null) claim(log);
    else await spans.within("fleet record start", { parent: null, attributes }, async () => claim(log));
    await spans?.end();
    const voice = createVoice(output, { json: has(invocation, "json"), nowUs: clock.nowUs, ...identity });
    const collecting = collectingFor(own, environment);
    voice({ what: "started", database: log.path, watching: watchingWords(own, collecting) });
    const guarded = guardLog(log, voice, clock.monotonicUs);
    const coverage = createCoverage(own);
    const pulse = startPulse({ own, guarded, voice, interrupt, coverage });
    const mirror = wantsMirror(invocation) ? startMirrorChild(environment, voice) : null;
    const boots = startBootWatch({ own, guarded });
    const metrics = wanted === null ? null : await serve(wanted, own, environment, voice);
    try {
      await supervise({
        collectors: collecting.stages.flat(),
        clock,
        emit: collecting.listening(guarded.append),
        cursor: log.cursor,
        signal: interrupt.signal,
        onUnwatched: coverage.onLoss,
        onChange(outcome) {
          voice({ what: "source", source: outcome.source, scope: outcome.scope, reason: outcome.reason });
        },
      });
    } finally {
      pulse.stop();
      await Promise.all([metrics?.close(), mirror?.stop()]);
      boots.stop();
    }
    const cause = interrupt.cause();
    const reason = cause === "SIGINT" ? "interrupted" : (cause ?? "failed");
    guarded.attempt(() => log.releaseLease(reason));
    if (guarded.fatal() !== null) throw guarded.fatal();
    voice({ what: "stopped", reason });
    return cause === "SIGINT" ? EXIT.interrupted : EXIT.done;
  } finally {
    interrupt.release();
    log.close();
  }
}

function claim(log: Log): void {
  const pidStart = readProcess(process.pid)?.startTicks ?? null;
  const holder = { pid: process.pid, pidStart, bootId: bootId(), version: VERSION };
  const claimed = log.claimLease(holder, isHolderAlive);
  if (claimed.ok) return;
  const { pid, claimedAtUs, version } = claimed.holder;
  const text = `a recorder runs already: process ${pid} (fleet ${version}) since ${formatMoment(claimedAtUs)}`;
  throw new FleetError("conflict", text, { hint: `Leave the recording to it, or end it first: kill ${pid}` });
}

function wantsMirror(invocation: Invocation): boolean {
  const variable = invocation.environment.FLEET_MIRROR ?? "";
  return has(invocation, "mirror") || (variable !== "" && variable !== "0");
}

/** Who asked for numbers and cannot have them is told; the recording goes on. */
async function serve(
  address: MetricsAddress,
  { here }: OwnLog,
  environment: Invocation["environment"],
  voice: Voice,
): Promise<{ close(): Promise<void> } | null> {
  try {
    const server = await startMetricsEndpoint(address, here.places, environment);
    const host = server.host.includes(":") ? `[${server.host}]` : server.host;
    voice({ what: "metrics", url: `http://${host}:${server.port}/metrics`, token: server.tokenFile });
    return server;
  } catch (error) {
    voice({ what: "metrics", reason: (error as Error).message });
    return null;
  }
}

function watchingWords({ here }: OwnLog, { sockets }: Collecting): string {
  const names = sockets().map(({ name }) => name);
  return [
    `tmux ${names.join(", ")}`,
    "systemd and its journal",
    `heartbeats in ${here.places.runDirectory}`,
    `the roster ${here.places.roster}`,
  ].join("; ");
}
