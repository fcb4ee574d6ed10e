import { readFileSync } from "node:fs";
import type { Certificates } from "../otel/otlp/post.ts";
import type { OtlpSettings } from "../otel/otlp/settings.ts";
import { FleetError } from "../store/errors.ts";

/** The PEM files that the settings name. */
export function readCertificates(settings: OtlpSettings): Certificates {
  const read = (path: string | null, what: string): Buffer | undefined => {
    if (path === null) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new FleetError("config", `the ${what} ${path} cannot be read: ${(error as Error).message}`, {
        hint: "See OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY.",
        cause: error,
      });
    }
  };
  const ca = read(settings.certificate, "certificate");
  const cert = read(settings.clientCertificate, "client certificate");
  const key = read(settings.clientKey, "client key");
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}
