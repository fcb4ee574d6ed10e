import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Files in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** An authority of a test's own, good for a day. */
export interface Authority {
  readonly certificate: string;
  issue(name: string, alternative?: string): Certificate;
}

export function createAuthority(directory: string, name: string): Authority {
  const file = (of: string, ending: string) => join(directory, `${name}-${of}.${ending}`);
  const openssl = (...words: string[]) =>
    void execFileSync("openssl", words, { stdio: ["ignore", "ignore", "pipe"] });
  const made = (of: string) =>
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"].concat([
      "-keyout",
      file(of, "key"),
      "-subj",
      `/CN=${name} ${of}`,
      "-days",
      "1",
    ]);
  const certificate = file("ca", "pem");
  openssl("req", "-x509", ...made("ca"), "-out", certificate, "-addext", "keyUsage=keyCertSign");
  return {
    certificate,
    issue(of, alternative = "DNS:localhost,IP:127.0.0.1") {
      const request = file(of, "csr");
      const extensions = file(of, "ext");
      writeFileSync(extensions, `subjectAltName=${alternative}\n`);
      openssl("req", "-new", ...made(of).slice(0, -2), "-out", request);
      openssl(
        ...["x509", "-req", "-in", request, "-CA", certificate, "-CAkey", file("ca", "key")],
        ...["-days", "1", "-extfile", extensions, "-out", file(of, "pem")],
      );
      return { certificate: file(of, "pem"), key: file(of, "key") };
    },
  };
}
