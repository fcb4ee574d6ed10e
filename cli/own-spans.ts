import type { OwnSpans } from "../otel/own-spans.ts";
import type { Partition } from "../store/identity.ts";
import type { Variables } from "./environment.ts";
import { VERSION } from "./version.ts";

/** Spans of fleet's own doings, where the standard variables ask for them; the SDK is loaded only then. */
export async function ownSpans(
  variables: Variables,
  { tenantId, host }: Partition,
): Promise<OwnSpans | null> {
  if (!isAskedFor(variables)) return null;
  const { startOwnSpans } = await import("../otel/own-spans.ts");
  return startOwnSpans({ tenantId, host, version: VERSION });
}

/** An exporter or a receiver is named, and the SDK is not switched off. */
export function isAskedFor(variables: Variables): boolean {
  const value = (name: string): string => (variables[name] ?? "").trim().toLowerCase();
  if (value("OTEL_SDK_DISABLED") === "true") return false;
  const exporter = value("OTEL_TRACES_EXPORTER");
  if (exporter !== "") return exporter !== "none";
  return value("OTEL_EXPORTER_OTLP_ENDPOINT") !== "" || value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") !== "";
}
