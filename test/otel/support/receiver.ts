import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface Request {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly spans: readonly ReceivedSpan[];
}

/** What the receiver does with a request: it may keep the spans, and answer or not. */
export type Fault = (request: Request, response: ServerResponse, keep: () => void) => void;

export const accept: Fault = (_request, response, keep) => {
  keep();
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
};
export const refuseWith =
  (status: number, headers: Record<string, string> = {}): Fault =>
  (_request, response) =>
    void response.writeHead(status, headers).end();
export const cutBefore: Fault = (_request, response) => void response.destroy();
/** The spans are taken, and the answer is lost on its way. */
export const cutAfter: Fault = (_request, response, keep) => {
  keep();
  response.destroy();
};
export const never: Fault = () => {};
/** So slow that the answer has begun when patience ends: the spans are taken. */
export const tooSlow: Fault = (_request, response, keep) => {
  keep();
  response.writeHead(200, { "content-type": "application/json" }).write("{");
};
export const partial =
  (rejected: number, errorMessage: string): Fault =>
  (_request, response, keep) => {
    keep();
    const body = JSON.stringify({ partialSuccess: { rejectedSpans: rejected, errorMessage } });
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  };

export interface Receiver {
  readonly url: string;
  readonly requests: Request[];
  /** What was kept, every copy, by span id. */
  readonly kept: Map<string, ReceivedSpan[]>;
  next: (request: Request) => Fault;
  close(): Promise<void>;
}

/** A receiver of OTLP/HTTP JSON that does what a test tells it to. */
export async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      // The numbers that a mirror sends beside its spans are not what this receiver is for.
      if (request.url === "/v1/metrics") return void response.writeHead(200).end("{}");
      const raw = Buffer.concat(chunks);
      const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
      const received = { path: request.url ?? "", headers: request.headers, spans: spansIn(text.toString()) };
      receiver.requests.push(received);
      const keep = () => {
        for (const span of received.spans) {
          const copies = receiver.kept.get(span.spanId) ?? [];
          copies.push(span);
          receiver.kept.set(span.spanId, copies);
        }
      };
      receiver.next(received)(received, response, keep);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const receiver: Receiver = {
    url: `http://127.0.0.1:${address.port}`,
    requests: [],
    kept: new Map(),
    next: () => accept,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

function spansIn(text: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: { resource: unknown; scopeSpans: { spans: ReceivedSpan[] }[] }[];
  };
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource }))),
  );
}
