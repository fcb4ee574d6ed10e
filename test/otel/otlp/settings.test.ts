import { describe, expect, test } from "vitest";
import { isOtlpAskedFor, otlpSettings } from "../../../otel/otlp/settings.ts";

const E = "OTEL_EXPORTER_OTLP_";
const settings = (variables: Record<string, string> = {}) => otlpSettings(variables, "traces");

describe("OTEL_EXPORTER_OTLP_*", () => {
  test("defaults are those of the specification", () => {
    expect(settings()).toEqual({
      url: "http://localhost:4318/v1/traces",
      protocol: "http/protobuf",
      headers: {},
      compression: "none",
      timeoutMs: 10_000,
      certificate: null,
      clientCertificate: null,
      clientKey: null,
    });
  });

  test.each([
    ["http://c:4318", "http://c:4318/v1/traces"],
    ["http://c:4318/", "http://c:4318/v1/traces"],
    ["https://c/some/base", "https://c/some/base/v1/traces"],
    ["https://c/some/base/?x=1", "https://c/some/base/v1/traces?x=1"],
  ])("the general endpoint %s is a base", (endpoint, url) => {
    expect(settings({ [`${E}ENDPOINT`]: endpoint }).url).toBe(url);
  });

  test("a signal's own endpoint is used as it stands, and counts before the general one", () => {
    const variables = { [`${E}ENDPOINT`]: "http://general:1", [`${E}TRACES_ENDPOINT`]: "http://own:2/here" };
    expect(settings(variables).url).toBe("http://own:2/here");
    expect(otlpSettings(variables, "metrics").url).toBe("http://general:1/v1/metrics");
    expect(settings({ [`${E}TRACES_ENDPOINT`]: "http://own:2" }).url).toBe("http://own:2/");
  });

  test("each of a signal's own variables counts before the general one; an empty one is unset", () => {
    const both = (name: string, general: string, own: string) =>
      settings({ [`${E}${name}`]: general, [`${E}TRACES_${name}`]: own });
    expect(both("PROTOCOL", "http/protobuf", "http/json").protocol).toBe("http/json");
    expect(both("COMPRESSION", "gzip", "none").compression).toBe("none");
    expect(both("COMPRESSION", "gzip", "").compression).toBe("gzip");
    expect(both("TIMEOUT", "5000", "250").timeoutMs).toBe(250);
    expect(both("CERTIFICATE", "/a", "/b").certificate).toBe("/b");
    expect(both("CLIENT_CERTIFICATE", "/a", "/b").clientCertificate).toBe("/b");
    expect(both("CLIENT_KEY", "/a", "/b").clientKey).toBe("/b");
    expect(both("HEADERS", "a=1", "b=2").headers).toEqual({ b: "2" });
  });

  test("a timeout of 0 is no limit", () => {
    expect(settings({ [`${E}TIMEOUT`]: "0" }).timeoutMs).toBe(2 ** 31 - 1);
  });

  test("what is only of gRPC changes nothing: the scheme says whether it is secure", () => {
    expect(settings({ [`${E}INSECURE`]: "true", [`${E}ENDPOINT`]: "https://c" }).url).toBe(
      "https://c/v1/traces",
    );
  });

  test("headers are percent-encoded pairs; a value may hold an equals sign", () => {
    expect(
      settings({ [`${E}HEADERS`]: "Authorization=Basic%20dTpw==, x-scope-orgid = acme ,," }).headers,
    ).toEqual({
      authorization: "Basic dTpw==",
      "x-scope-orgid": "acme",
    });
  });

  test.each([
    ["ENDPOINT", "localhost:4318"],
    ["ENDPOINT", "not a url"],
    ["PROTOCOL", "grpc"],
    ["COMPRESSION", "zstd"],
    ["TIMEOUT", "10s"],
    ["TIMEOUT", "-1"],
    ["TIMEOUT", "1.5"],
  ])("%s=%s is refused by name, with what would be right", (name, value) => {
    expect(() => settings({ [`${E}${name}`]: value })).toThrow(`${E}${name} is ${JSON.stringify(value)}`);
  });

  test.each(["no-value", "=1", "bad name=1", "a=%zz", "a=%0d%0ax: y"])(
    "headers %j are refused without repeating them, for they hold secrets",
    (text) => {
      const read = () => settings({ [`${E}HEADERS`]: text });
      expect(read).toThrow("OTEL_EXPORTER_OTLP_HEADERS is not a list of headers");
      expect(read).not.toThrow(text);
    },
  );

  test("only an endpoint asks for delivery", () => {
    expect(isOtlpAskedFor({}, "metrics")).toBe(false);
    expect(isOtlpAskedFor({ [`${E}TRACES_ENDPOINT`]: "http://c" }, "metrics")).toBe(false);
    expect(isOtlpAskedFor({ [`${E}ENDPOINT`]: "http://c" }, "metrics")).toBe(true);
  });
});
