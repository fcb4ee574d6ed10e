import { statSync } from "node:fs";
import { type Measured, type MirrorNumbers, metricsOf } from "../otel/metrics/snapshot.ts";
import type { Observer } from "../query/coverage.ts";
import { psDocument } from "../query/ps.ts";
import { readMirrorStatus } from "../store/mirror-status.ts";
import type { Reader } from "../store/reader.ts";
import { monotonicUs, nowUs } from "./clock.ts";
import { TRACES } from "./mirror-name.ts";
import { readPresent } from "./present.ts";
import { VERSION } from "./version.ts";

/** Everything that can be measured now, judged by the same reading as `ps --all`. */
export function measure(
  reader: Reader,
  observer: Observer,
): { tenantId: string; host: string; at: string; metrics: Measured[] } {
  const atUs = nowUs();
  const present = readPresent(reader, { nowUs: atUs, observer, all: true });
  const table = psDocument(present);
  const lease = observer.state === "recording" ? reader.lease() : null;
  const metrics = metricsOf({
    table,
    nowUs: atUs,
    documents: present.documents,
    recorderLagSeconds: lease === null ? null : Math.max(0, monotonicUs() - lease.lastAliveMonotonicUs) / 1e6,
    logBytes: bytesOf(reader.path),
    version: VERSION,
    mirror: mirrorNumbers(reader, table.log_seq, atUs),
  });
  return { tenantId: table.tenant_id, host: table.host, at: table.at, metrics };
}

function mirrorNumbers(reader: Reader, logSeq: number, atUs: number): MirrorNumbers | null {
  const status = readMirrorStatus(reader.path, TRACES);
  if (status === null) return null;
  const { plannedSeq, oldestOpenUs, sent, rejected, dead } = status;
  const lagSeconds = oldestOpenUs === null ? 0 : Math.max(0, atUs - oldestOpenUs) / 1e6;
  return { lagEvents: Math.max(0, logSeq - plannedSeq), lagSeconds, sent, rejected, dead };
}

/** The database and its write-ahead log; null where the file cannot be looked at. */
function bytesOf(database: string): number | null {
  try {
    const ahead = statSync(`${database}-wal`, { throwIfNoEntry: false });
    return statSync(database).size + (ahead?.size ?? 0);
  } catch {
    return null;
  }
}
