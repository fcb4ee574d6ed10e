import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readCertificates } from "../../../cli/read-certificates.ts";
import { openPost } from "../../../otel/otlp/post.ts";
import { otlpSettings } from "../../../otel/otlp/settings.ts";
import { type Authority, createAuthority } from "../support/certificates.ts";

const E = "OTEL_EXPORTER_OTLP_";
let directory: string;
let ours: Authority;
let theirs: Authority;
let server: Server | null = null;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-tls-"));
  ours = createAuthority(directory, "ours");
  theirs = createAuthority(directory, "theirs");
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** A receiver with a certificate of our authority, which says who asked; with `asks` only those that ours issued may. */
async function receive({ asks = false, alternative = "IP:127.0.0.1" } = {}): Promise<string> {
  const { certificate, key } = ours.issue("server", alternative);
  const made = createServer(
    {
      cert: readFileSync(certificate),
      key: readFileSync(key),
      ca: readFileSync(ours.certificate),
      requestCert: asks,
      rejectUnauthorized: asks,
    },
    (request, response) => {
      const client = (request.socket as TLSSocket).getPeerCertificate();
      request.resume().on("end", () => response.end(client?.subject?.CN ?? "somebody"));
    },
  );
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", () => resolve()));
  return `https://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

async function ask(endpoint: string, variables: Record<string, string> = {}): Promise<string> {
  const settings = otlpSettings({ [`${E}ENDPOINT`]: endpoint, ...variables }, "traces");
  const { post, close } = openPost(settings, readCertificates(settings), "test");
  try {
    return (await post(Buffer.from("{}"), new AbortController().signal)).body.toString();
  } finally {
    close();
  }
}

describe("the certificates of OTEL_EXPORTER_OTLP_*", () => {
  test("CERTIFICATE names whom to trust; that of traces counts before the general one", async () => {
    const endpoint = await receive();
    expect(await ask(endpoint, { [`${E}CERTIFICATE`]: ours.certificate })).toBe("somebody");
    const both = { [`${E}CERTIFICATE`]: theirs.certificate, [`${E}TRACES_CERTIFICATE`]: ours.certificate };
    expect(await ask(endpoint, both)).toBe("somebody");
  });

  test.each([
    ["somebody else's authority", () => ({ [`${E}CERTIFICATE`]: theirs.certificate })],
    ["the system's authorities only", () => ({})],
  ])("a receiver is not trusted by %s, and what is wrong is said", async (_who, variables) => {
    await expect(ask(await receive(), variables())).rejects.toThrow(
      /^the certificate of the receiver is not trusted: .+ \(see OTEL_EXPORTER_OTLP_CERTIFICATE\)$/,
    );
  });

  test("a certificate of another host is not taken for this one's", async () => {
    const endpoint = await receive({ alternative: "DNS:elsewhere" });
    await expect(ask(endpoint, { [`${E}CERTIFICATE`]: ours.certificate })).rejects.toThrow(
      /^the certificate of the receiver is not trusted: .*127\.0\.0\.1/,
    );
  });

  test("CLIENT_CERTIFICATE and CLIENT_KEY say who we are; those of traces count before the general ones", async () => {
    const endpoint = await receive({ asks: true });
    const [right, wrong] = [ours.issue("mirror"), theirs.issue("mirror")];
    const trusting = { [`${E}CERTIFICATE`]: ours.certificate };
    const general = (of: typeof right) => ({
      [`${E}CLIENT_CERTIFICATE`]: of.certificate,
      [`${E}CLIENT_KEY`]: of.key,
    });
    expect(await ask(endpoint, { ...trusting, ...general(right) })).toBe("ours mirror");
    const own = {
      [`${E}TRACES_CLIENT_CERTIFICATE`]: right.certificate,
      [`${E}TRACES_CLIENT_KEY`]: right.key,
    };
    expect(await ask(endpoint, { ...trusting, ...general(wrong), ...own })).toBe("ours mirror");
    for (const variables of [trusting, { ...trusting, ...general(wrong) }])
      await expect(ask(endpoint, variables)).rejects.toThrow();
  });

  test("a receiver's own word about who we are is told", async () => {
    const { certificate, key } = ours.issue("server");
    const words = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"];
    const child = spawn(
      "openssl",
      [...words, "-CAfile", ours.certificate, "-Verify", "1", "-verify_return_error"],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    try {
      let said = "";
      const port = await new Promise<string>((resolve) =>
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          said += text;
          const found = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
          if (found !== undefined) resolve(found);
        }),
      );
      const variables = { [`${E}CERTIFICATE`]: ours.certificate };
      // Its alert and the end of the connection may arrive in one, and then only the end is seen.
      await expect
        .poll(() => ask(`https://127.0.0.1:${port}`, variables).catch(({ message }: Error) => message), {
          timeout: 60_000,
        })
        .toBe(
          "the receiver does not take who we are: certificate required (see OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE)",
        );
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("a receiver that does not speak TLS is told as such", async () => {
    const { createServer: createPlain } = await import("node:http");
    const plain = createPlain((_request, response) => void response.end());
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", () => resolve()));
    try {
      const { port } = plain.address() as AddressInfo;
      await expect(ask(`https://127.0.0.1:${port}`)).rejects.toThrow("the receiver does not speak TLS");
    } finally {
      plain.close();
    }
  });

  test.each(["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"])(
    "%s that is no such file, or holds nothing of the kind, is refused before anything is sent",
    (name) => {
      const file = join(directory, "nonsense.pem");
      writeFileSync(file, "this is no PEM\n");
      const read = (path: string) => () =>
        readCertificates(otlpSettings({ [`${E}${name}`]: path }, "traces"));
      expect(read(file)).toThrow(`there is no certificate or key to use in ${file}`);
      expect(read(join(directory, "missing"))).toThrow(`${join(directory, "missing")} cannot be read`);
    },
  );

  test("a key that is not that of its certificate is refused too", () => {
    const [one, other] = [ours.issue("one"), ours.issue("other")];
    const variables = { [`${E}CLIENT_CERTIFICATE`]: one.certificate, [`${E}CLIENT_KEY`]: other.key };
    expect(() => readCertificates(otlpSettings(variables, "traces"))).toThrow(
      `there is no certificate or key to use in ${one.certificate}, ${other.key}`,
    );
  });
});
