import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { NodeSDK } from "@opentelemetry/sdk-node";

/** Spans of what fleet itself does, by the OpenTelemetry SDK; loaded only where the standard OTEL_* variables ask for it. */
export interface OwnSpans {
  /** Runs `work` within a span; it is handed the span's own `traceparent`, to be given on. */
  within<T>(
    name: string,
    span: { readonly parent: string | null; readonly attributes: Readonly<Record<string, string>> },
    work: (traceparent: string) => Promise<T>,
  ): Promise<T>;
  /** Gives what is open a moment to get out. A receiver that is away costs no more than that. */
  end(): Promise<void>;
}

const LAST_MOMENT_MS = 2000;

/** The SDK reads OTEL_* itself (exporter, endpoint, protocol, sampler, propagators); only who we are is said here. */
export function startOwnSpans(who: {
  readonly tenantId: string;
  readonly host: string;
  readonly version: string;
}): OwnSpans {
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      "service.name": "fleet",
      "service.namespace": who.tenantId,
      "service.version": who.version,
      "host.name": who.host,
      "fleet.tenant_id": who.tenantId,
    }),
    autoDetectResources: false,
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const tracer = trace.getTracer("fleet", who.version);
  return {
    async within(name, { parent, attributes }, work) {
      const above =
        parent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent: parent });
      const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes }, above);
      const { traceId, spanId, traceFlags } = span.spanContext();
      const flags = traceFlags.toString(16).padStart(2, "0");
      try {
        return await context.with(trace.setSpan(above, span), () => work(`00-${traceId}-${spanId}-${flags}`));
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
        throw error;
      } finally {
        span.end();
      }
    },
    async end() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_MOMENT_MS).unref());
      await Promise.race([sdk.shutdown().catch(() => {}), late]);
    },
  };
}
