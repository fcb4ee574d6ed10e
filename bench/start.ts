/** `fleet agent start` until the agent's first heartbeat, on a throw-away host with a real systemd. Root only. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { atMost, info, median, type Result } from "./result.ts";

const SANDBOX = fileURLToPath(new URL("../scripts/sandbox.sh", import.meta.url));
const INSTALL = fileURLToPath(new URL("../scripts/sandbox-install.sh", import.meta.url));
const ROUNDS = 7;
const ROSTER = `version: 1
agents:
  - { name: stub, runtime: dogfood-agent.py, command: /opt/fleet/examples/dogfood-agent.py }
`;

export function run(): Result[] {
  if (process.getuid?.() !== 0) {
    process.stderr.write("start: needs root for a throw-away host; left out\n");
    return [];
  }
  const host = `bench-${process.pid}`;
  const sandbox = (...words: string[]): string => execFileSync(SANDBOX, words, { encoding: "utf8" });
  sandbox("up", host, "--owner", String(process.pid), "--net", "private", "--user", "alice:1001");
  try {
    execFileSync("sh", [INSTALL, sandbox("root", host).trim(), process.execPath]);
    const alice = (script: string): string =>
      sandbox("exec", host, "-u", "alice", "-e", "FLEET_NODE=/opt/node/bin/node", "--", "sh", "-c", script);
    const home = "$HOME/.config/mosaic/fleet";
    alice(`umask 077; mkdir -p ${home}; printf '%s' '${ROSTER}' >${home}/roster.yaml; fleet init; fleet up`);
    const started = Array.from({ length: ROUNDS }, () => {
      const script = `fleet agent stop stub >/dev/null; date +%s%N; fleet agent start stub >/dev/null || exit 1; date +%s%N; cat ${home}/run/stub.hb`;
      const [begun = "", ended = "", beat = ""] = alice(script).split("\n");
      const beatMs = Date.parse(/ts=(\S+)/.exec(beat)?.[1] ?? "");
      return { toBeatMs: beatMs - Number(begun) / 1e6, toEndMs: (Number(ended) - Number(begun)) / 1e6 };
    });
    return [
      atMost(
        "agent start until the stub's first heartbeat",
        median(started.map((one) => one.toBeatMs)),
        "ms",
        1000,
      ),
      info("agent start until it has said so", median(started.map((one) => one.toEndMs)), "ms"),
    ];
  } finally {
    sandbox("down", host, "--now");
  }
}
