import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { AggregationTemporality, DataPointType, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Protocol } from "../otlp/settings.ts";
import type { Measured } from "./snapshot.ts";

/** The numbers of a moment as one OTLP request. Counters are cumulative since the log began. */
export function otlpMetrics(
  metrics: readonly Measured[],
  of: {
    readonly protocol: Protocol;
    readonly resource: Readonly<Record<string, string>>;
    readonly version: string;
    readonly startUs: number;
    readonly nowUs: number;
  },
): Uint8Array {
  const startTime = hrTime(of.startUs);
  const endTime = hrTime(of.nowUs);
  const made = {
    resource: { attributes: of.resource },
    scopeMetrics: [
      {
        scope: { name: "fleet.metrics", version: of.version },
        metrics: metrics
          .filter(({ measurements }) => measurements.length > 0)
          .map(({ instrument, measurements }) => {
            const isCounter = instrument.kind === "counter";
            return {
              descriptor: {
                name: instrument.name,
                description: instrument.description,
                unit: instrument.unit,
                valueType: 1,
                advice: {},
              },
              aggregationTemporality: AggregationTemporality.CUMULATIVE,
              dataPointType: isCounter ? DataPointType.SUM : DataPointType.GAUGE,
              ...(isCounter ? { isMonotonic: true } : {}),
              dataPoints: measurements.map(({ value, attributes }) => ({
                startTime,
                endTime,
                attributes,
                value,
              })),
            };
          }),
      },
    ],
  } as unknown as ResourceMetrics;
  const serializer = of.protocol === "http/json" ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  const bytes = serializer.serializeRequest(made);
  if (bytes === undefined) throw new Error("metrics could not be serialized");
  return bytes;
}

function hrTime(us: number): [number, number] {
  const seconds = Math.floor(us / 1e6);
  return [seconds, Math.round(us - seconds * 1e6) * 1000];
}
