import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { gzipSync } from "node:zlib";
import type { OtlpSettings } from "./settings.ts";

/** The receiver's answer to one request; a request that got none is thrown. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly body: Buffer;
}

export interface Certificates {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export type Post = (body: Uint8Array, signal: AbortSignal) => Promise<Answer>;

/** More than any OTLP answer holds; whoever sends more is no receiver. */
const ANSWER_LIMIT = 1024 * 1024;

/** Sends bodies to the receiver one at a time over one connection that is kept; `close` drops it. */
export function openPost(
  settings: OtlpSettings,
  certificates: Certificates,
  userAgent: string,
): { post: Post; close(): void } {
  const url = new URL(settings.url);
  const isSecure = url.protocol === "https:";
  const pool = { keepAlive: true, maxSockets: 1 };
  const agent = isSecure ? new SecureAgent({ ...pool, ...certificates }) : new PlainAgent(pool);
  const request = isSecure ? secureRequest : plainRequest;
  const headers = {
    "user-agent": userAgent,
    ...settings.headers,
    "content-type": settings.protocol === "http/json" ? "application/json" : "application/x-protobuf",
    ...(settings.compression === "gzip" ? { "content-encoding": "gzip" } : {}),
  };
  const post: Post = (body, signal) =>
    new Promise((resolve, reject) => {
      const bytes = settings.compression === "gzip" ? gzipSync(body) : body;
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]);
      const sent = request(
        url,
        { method: "POST", agent, signal: deadline, headers: { ...headers, "content-length": bytes.length } },
        (response) => readAnswer(response).then(resolve, reject),
      );
      sent.on("error", (error) => {
        if (deadline.aborted && !signal.aborted) reject(tooSlow(settings));
        else reject(isSecure ? inPlainWords(error) : error);
      });
      sent.end(bytes);
    });
  return { post, close: () => agent.destroy() };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_LIMIT) {
      response.destroy();
      throw new Error("the answer is longer than any OTLP receiver's");
    }
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers["content-type"] ?? "",
    retryAfter: response.headers["retry-after"] ?? null,
    body: Buffer.concat(chunks),
  };
}

function tooSlow({ timeoutMs }: OtlpSettings): Error {
  return new Error(`no answer within ${timeoutMs} ms`);
}

/** What OpenSSL says, with what an operator can do about it. */
function inPlainWords(error: NodeJS.ErrnoException): Error {
  const { code = "", message } = error;
  const because = (text: string) => new Error(text, { cause: error });
  // Alerts are the receiver's words about us; all else about certificates is ours about the receiver.
  const alert = /\balert ([a-z ]+)/.exec(message)?.[1];
  if (alert !== undefined)
    return because(
      `the receiver does not take who we are: ${alert} (see OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE)`,
    );
  if (/CERT|SIGNED|VERIFY|ISSUER/.test(code))
    return because(
      `the certificate of the receiver is not trusted: ${message} (see OTEL_EXPORTER_OTLP_CERTIFICATE)`,
    );
  if (/wrong version number|packet length too long|http request/.test(message))
    return because("the receiver does not speak TLS: is its address http instead of https?");
  return error;
}
