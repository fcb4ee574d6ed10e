import { otlpMetrics } from "../otel/metrics/otlp.ts";
import { openPost } from "../otel/otlp/post.ts";
import { isOtlpAskedFor, otlpSettings } from "../otel/otlp/settings.ts";
import type { Reader } from "../store/reader.ts";
import { nowUs } from "./clock.ts";
import type { Variables } from "./environment.ts";
import { measure } from "./measure.ts";
import { liveRecorder } from "./present.ts";
import { readCertificates } from "./read-certificates.ts";
import { VERSION } from "./version.ts";

const DEFAULT_INTERVAL_MS = 60_000;

/**
 * The numbers of `fleet metrics` over OTLP, each OTEL_METRIC_EXPORT_INTERVAL (a minute), where a receiver for metrics is named and
 * OTEL_METRICS_EXPORTER does not say `none`. A number that could not be delivered is not sent later: the next one is newer.
 */
export function startMetricsPush(
  reader: Reader,
  variables: Variables,
  onTrouble: (reason: string) => void,
): { stop(): void } | null {
  const exporter = (variables.OTEL_METRICS_EXPORTER ?? "").trim();
  if (!isOtlpAskedFor(variables, "metrics") || exporter === "none") return null;
  const settings = otlpSettings(variables, "metrics");
  const { post, close } = openPost(settings, readCertificates(settings), `fleet/${VERSION}`);
  const ending = new AbortController();
  let told = "";
  const push = async (): Promise<void> => {
    try {
      const recorder = liveRecorder(reader);
      const observer =
        recorder === null
          ? ({ state: "absent" } as const)
          : ({ state: "recording", sinceUs: recorder.sinceUs } as const);
      const { tenantId, host, metrics } = measure(reader, observer);
      const atUs = nowUs();
      const body = otlpMetrics(metrics, {
        protocol: settings.protocol,
        resource: {
          "service.name": "fleet",
          "service.namespace": tenantId,
          "host.name": host,
          "fleet.tenant_id": tenantId,
        },
        version: VERSION,
        startUs: reader.beginsUs() ?? atUs,
        nowUs: atUs,
      });
      const { status } = await post(body, ending.signal);
      if (status >= 200 && status < 300) told = "";
      else throw new Error(`answered ${status}`);
    } catch (error) {
      const reason = (error as Error).message;
      if (ending.signal.aborted || reason === told) return;
      told = reason;
      onTrouble(`metrics: ${reason}`);
    }
  };
  const timer = setInterval(push, intervalOf(variables));
  void push();
  return {
    stop() {
      clearInterval(timer);
      ending.abort();
      close();
    },
  };
}

function intervalOf(variables: Variables): number {
  const text = (variables.OTEL_METRIC_EXPORT_INTERVAL ?? "").trim();
  const milliseconds = Number(text);
  return /^\d+$/.test(text) && milliseconds >= 100 && milliseconds < 2 ** 31
    ? milliseconds
    : DEFAULT_INTERVAL_MS;
}
