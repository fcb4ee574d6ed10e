import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MetricsServer, serveMetrics } from "../../../otel/metrics/server.ts";

const token = "a-token-of-more-than-sixteen";
let answer: () => string;
let server: MetricsServer;

beforeEach(async () => {
  answer = () => "fleet_build_info 1\n";
  server = await serveMetrics({ host: "127.0.0.1", port: 0, token, read: () => answer() });
});
afterEach(() => server.close());

const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { headers, method });
const bearer = { Authorization: `Bearer ${token}` };

describe("the metrics server", () => {
  test("answers whoever shows the token, as Bearer or as a Basic password", async () => {
    const basic = { Authorization: `Basic ${Buffer.from(`prometheus:${token}`).toString("base64")}` };
    for (const headers of [bearer, basic]) {
      const response = await ask("/metrics", headers);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect(await response.text()).toBe("fleet_build_info 1\n");
    }
  });

  test("asks who you are, and tells nothing to those who cannot say it", async () => {
    const wrong = [
      {},
      { Authorization: "Bearer wrong" },
      { Authorization: `Bearer ${token}x` },
      { Authorization: `Digest ${token}` },
      { Authorization: `Basic ${Buffer.from(token).toString("base64")}` },
    ];
    for (const headers of wrong) {
      const response = await ask("/metrics", headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      expect(await response.text()).not.toContain("fleet_");
    }
  });

  test("has one page, which can only be read", async () => {
    expect((await ask("/", bearer)).status).toBe(404);
    expect((await ask("/metrics?x=1", bearer)).status).toBe(200);
    expect((await ask("/metrics", bearer, "POST")).status).toBe(405);
    expect(await (await ask("/metrics", bearer, "HEAD")).text()).toBe("");
  });

  test("a log that cannot be read is no empty answer", async () => {
    answer = () => {
      throw new Error("the disk is gone");
    };
    const response = await ask("/metrics", bearer);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("the disk is gone");
  });

  test("closes at once, also while somebody holds a connection open", async () => {
    const idle = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    const gone = new Promise((resolve) => idle.once("close", resolve));
    await server.close();
    await gone;
  });
});
