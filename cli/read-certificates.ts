import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Certificates } from "../otel/otlp/post.ts";
import type { OtlpSettings } from "../otel/otlp/settings.ts";
import { FleetError } from "../store/errors.ts";

const HINT =
  "OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY each name a file in PEM; a key belongs to its certificate.";

/** The PEM files that the settings name, refused where they are none: a receiver would be asked in vain for ever. */
export function readCertificates(settings: OtlpSettings): Certificates {
  const read = (path: string | null, what: string): Buffer | undefined => {
    if (path === null) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new FleetError("config", `the ${what} ${path} cannot be read: ${(error as Error).message}`, {
        hint: HINT,
        cause: error,
      });
    }
  };
  const ca = read(settings.certificate, "certificate");
  const cert = read(settings.clientCertificate, "client certificate");
  const key = read(settings.clientKey, "client key");
  try {
    if (ca !== undefined) new X509Certificate(ca);
    createSecureContext({ ...(cert && { cert }), ...(key && { key }) });
  } catch (error) {
    const files = [settings.certificate, settings.clientCertificate, settings.clientKey].filter(
      (path) => path,
    );
    throw new FleetError(
      "config",
      `there is no certificate or key to use in ${files.join(", ")}: ${(error as Error).message}`,
      { hint: HINT, cause: error },
    );
  }
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}
