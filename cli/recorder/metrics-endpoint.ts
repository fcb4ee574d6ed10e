import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { expositionOf } from "../../otel/metrics/exposition.ts";
import { type MetricsServer, serveMetrics } from "../../otel/metrics/server.ts";
import { FleetError } from "../../store/errors.ts";
import { openReader } from "../../store/reader.ts";
import { type Invocation, textOf } from "../declaration.ts";
import type { Places, Variables } from "../environment.ts";
import { measure } from "../measure.ts";
import { liveRecorder } from "../present.ts";

/** Several scrapers may ask at once; the answer of this long ago is good enough for all of them. */
const ANSWER_HOLDS_MS = 500;

export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** Where `--metrics` or FLEET_METRICS_ADDRESS wants the numbers served: `PORT` (on loopback) or `ADDRESS:PORT`; null: nowhere. */
export function metricsAddress(invocation: Invocation): MetricsAddress | null {
  const option = textOf(invocation, "metrics");
  const [name, text] =
    option === undefined
      ? ["FLEET_METRICS_ADDRESS", invocation.environment.FLEET_METRICS_ADDRESS]
      : ["--metrics", option];
  if (text === undefined || text === "") return null;
  const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]*)\]:|([^:]*):)?(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "127.0.0.1";
  const port = Number(digits);
  const isAddress = host === "localhost" || isIP(host) !== 0;
  if (digits !== "" && port <= 65_535 && isAddress) return { host, port };
  throw new FleetError("usage", `${name} is ${JSON.stringify(text)}, which is no address to serve on`, {
    hint: "Give a port (9464), which serves on loopback only, or an address and a port (127.0.0.1:9464, [::1]:9464).",
  });
}

/** Serves the numbers of this recorder; what cannot be served is the caller's to tell, and no reason not to record. */
export async function startMetricsEndpoint(
  address: MetricsAddress,
  places: Places,
  variables: Variables,
): Promise<MetricsServer & { readonly tokenFile: string }> {
  const tokenFile = variables.FLEET_METRICS_TOKEN_FILE || join(places.stateDirectory, "metrics-token");
  const token = readToken(tokenFile);
  const reader = openReader(places.database);
  let answer = { text: "", atMs: Number.NEGATIVE_INFINITY };
  const read = (): string => {
    const nowMs = performance.now();
    if (nowMs - answer.atMs < ANSWER_HOLDS_MS) return answer.text;
    const recorder = liveRecorder(reader);
    const observer =
      recorder === null
        ? ({ state: "absent" } as const)
        : ({ state: "recording", sinceUs: recorder.sinceUs } as const);
    answer = { text: expositionOf(measure(reader, observer).metrics), atMs: nowMs };
    return answer.text;
  };
  try {
    const server = await serveMetrics({ ...address, token, read });
    return {
      ...server,
      tokenFile,
      async close() {
        await server.close();
        reader.close();
      },
    };
  } catch (error) {
    reader.close();
    throw error;
  }
}

/** The secret that a scraper must show; made at the first start, and then kept, so that its file can be given to Prometheus. */
function readToken(path: string): string {
  try {
    const made = openSync(path, "wx", 0o600);
    writeFileSync(made, `${randomBytes(32).toString("base64url")}\n`);
    closeSync(made);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unusable(path, (error as Error).message);
  }
  let text: string;
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(descriptor);
      if (!found.isFile()) throw new Error("it is no regular file");
      if (found.uid !== process.getuid?.()) throw new Error(`it belongs to another user (uid ${found.uid})`);
      const shared = found.mode & 0o077;
      if (shared !== 0) throw new Error(`others may use it too (mode ${(found.mode & 0o777).toString(8)})`);
      if (found.size > 4096) throw new Error("it is longer than a token");
      text = readFileSync(descriptor, "utf8").trim();
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw unusable(path, (error as Error).message);
  }
  if (text.length < 16 || /\s/.test(text)) throw unusable(path, "it holds no token of 16 characters or more");
  return text;
}

function unusable(path: string, reason: string): FleetError {
  return new FleetError("config", `the metrics token ${path} cannot be used: ${reason}`, {
    hint: `Remove the file and a new token is made, or make it yours alone (chmod 600 ${path}), or set FLEET_METRICS_TOKEN_FILE to a file that is.`,
  });
}
