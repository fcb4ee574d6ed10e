import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { EXPOSITION_TYPE } from "./exposition.ts";

export interface MetricsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Who knows it may read. Every local user can reach a loopback port, and names of agents are nobody else's business. */
  readonly token: string;
  /** The exposition of this moment. */
  readonly read: () => string;
}

export interface MetricsServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A scrape is one short request: whoever is slower than this, or comes with a crowd, is sent away. */
const REQUEST_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 32;

/** Serves `GET /metrics` to whoever shows the token, as Bearer or as the password of Basic, the two that Prometheus speaks. */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => answer(request, response, options));
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, options);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server on TCP has a port");
  return {
    host: address.address,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, { host, port }: MetricsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener("error", reject);
      // What befalls a listening socket later (no descriptors left) must not end the recorder.
      server.on("error", () => {});
      resolve();
    });
  });
}

function answer(request: IncomingMessage, response: ServerResponse, options: MetricsServerOptions): void {
  const say = (status: number, text: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : text);
  };
  if (!isAuthorized(request.headers.authorization, options.token)) {
    say(401, "who are you? send the token of this recorder as Bearer, or as the password of Basic\n", {
      "WWW-Authenticate": 'Bearer realm="fleet", Basic realm="fleet"',
    });
    return;
  }
  if ((request.url ?? "").split("?")[0] !== "/metrics") return say(404, "there is only /metrics\n");
  if (request.method !== "GET" && request.method !== "HEAD")
    return say(405, "GET it\n", { Allow: "GET, HEAD" });
  try {
    say(200, options.read(), { "Content-Type": EXPOSITION_TYPE });
  } catch (error) {
    // A scrape that fails is what `up == 0` is for; half an answer would be a claim.
    say(503, `the log cannot be read: ${(error as Error).message}\n`);
  }
}

/** Digests are compared, so that neither the length nor the first wrong letter shows in the time it takes. */
function isAuthorized(header: string | undefined, token: string): boolean {
  const shown = secretIn(header ?? "");
  return shown !== null && timingSafeEqual(digest(shown), digest(token));
}

function secretIn(header: string): string | null {
  const [, scheme = "", credentials = ""] = /^(\S+)\s+(\S+)\s*$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return credentials;
    case "basic": {
      const pair = Buffer.from(credentials, "base64").toString();
      const colon = pair.indexOf(":");
      return colon === -1 ? null : pair.slice(colon + 1);
    }
    default:
      return null;
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
