import { FleetError } from "../../store/errors.ts";

export type Signal = "traces" | "metrics";
export type Protocol = "http/protobuf" | "http/json";

/** Where and how one signal is delivered, by the OTLP exporter specification. */
export interface OtlpSettings {
  readonly url: string;
  readonly protocol: Protocol;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: "gzip" | "none";
  /** For one attempt; attempts go on without end. */
  readonly timeoutMs: number;
  /** PEM files: whom to trust instead of the system's authorities, and who we are. */
  readonly certificate: string | null;
  readonly clientCertificate: string | null;
  readonly clientKey: string | null;
}

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = "http://localhost:4318";
const DEFAULT_TIMEOUT_MS = 10_000;
/** The longest that a timer can run: 24 days. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** Whether the standard variables name a receiver for this signal at all. */
export function isOtlpAskedFor(variables: Variables, signal: Signal): boolean {
  return settingOf(variables, signal, "ENDPOINT") !== null;
}

/**
 * OTEL_EXPORTER_OTLP_* as the specification defines them: a signal's own variable counts before the general one, an empty one is
 * unset, the general endpoint is a base to which `v1/traces` is added and a signal's own is used as it stands. Values that the
 * specification does not know are refused: a mirror that quietly goes elsewhere is worse than none.
 */
export function otlpSettings(variables: Variables, signal: Signal): OtlpSettings {
  const read = (name: string) => settingOf(variables, signal, name);
  return {
    url: urlOf(variables, signal),
    protocol: protocolOf(read("PROTOCOL")),
    headers: headersOf(read("HEADERS")),
    compression: compressionOf(read("COMPRESSION")),
    timeoutMs: timeoutOf(read("TIMEOUT")),
    certificate: read("CERTIFICATE")?.text ?? null,
    clientCertificate: read("CLIENT_CERTIFICATE")?.text ?? null,
    clientKey: read("CLIENT_KEY")?.text ?? null,
  };
}

interface Given {
  readonly name: string;
  readonly text: string;
}

function settingOf(variables: Variables, signal: Signal, what: string): Given | null {
  for (const name of [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${what}`, `OTEL_EXPORTER_OTLP_${what}`]) {
    const text = variables[name]?.trim();
    if (text !== undefined && text !== "") return { name, text };
  }
  return null;
}

function urlOf(variables: Variables, signal: Signal): string {
  const given = settingOf(variables, signal, "ENDPOINT") ?? { name: "", text: DEFAULT_ENDPOINT };
  const isOwn = given.name.includes(`_${signal.toUpperCase()}_`);
  let url: URL;
  try {
    url = new URL(given.text);
  } catch {
    throw refused(given, "a URL", "Give it a scheme, a host and a port: http://localhost:4318.");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refused(
      given,
      "an http or https URL",
      "OTLP over gRPC is not spoken: use the receiver's HTTP port.",
    );
  }
  if (!isOwn) url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return url.href;
}

function protocolOf(given: Given | null): Protocol {
  const text = given?.text ?? "http/protobuf";
  if (text === "http/protobuf" || text === "http/json") return text;
  throw refused(
    given,
    "http/protobuf or http/json",
    "OTLP over gRPC is not spoken: use the receiver's HTTP port.",
  );
}

/** The W3C baggage format without properties: `key=value,key=value`, percent-encoded. */
function headersOf(given: Given | null): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of given?.text.split(",") ?? []) {
    if (pair.trim() === "") continue;
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw refusedHeaders(given);
    try {
      headers[name] = decodeURIComponent(pair.slice(equals + 1).trim());
    } catch {
      throw refusedHeaders(given);
    }
    if (/[^\t\x20-\x7e\x80-\xff]/.test(headers[name] ?? "")) throw refusedHeaders(given);
  }
  return headers;
}

/** Headers hold secrets, so what was wrong is not repeated. */
function refusedHeaders(given: Given | null): FleetError {
  return new FleetError("config", `${given?.name} is not a list of headers`, {
    hint: "Write name=value,name=value; what is special in a value is percent-encoded.",
  });
}

function compressionOf(given: Given | null): "gzip" | "none" {
  const text = given?.text ?? "none";
  if (text === "gzip" || text === "none") return text;
  throw refused(given, "gzip or none", "Set it to one of the two, or unset it.");
}

function timeoutOf(given: Given | null): number {
  if (given === null) return DEFAULT_TIMEOUT_MS;
  const milliseconds = Number(given.text);
  if (/^\d+$/.test(given.text) && milliseconds < 2 ** 31) return milliseconds || NO_LIMIT_MS;
  throw refused(
    given,
    "a time in milliseconds",
    "Set it to a whole number (0: no limit), or unset it (10000).",
  );
}

function refused(given: Given | null, expected: string, hint: string): FleetError {
  const text = JSON.stringify((given?.text ?? "").slice(0, 200));
  return new FleetError("config", `${given?.name} is ${text}, which is not ${expected}`, { hint });
}
