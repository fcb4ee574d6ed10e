import type { AgentRow, PsDocument } from "../../query/row.ts";
import type { Host } from "./host.ts";
import { installedFleet } from "./host.ts";

/** The fleet of the reference scenario, made inside a host as one of its users. */
export interface Factory {
  /** Runs a command as the fleet's owner; throws when it fails. */
  run(...argv: string[]): Promise<string>;
  tmux(...argv: string[]): Promise<string>;
  fleet(...argv: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  ps(...options: string[]): Promise<PsDocument>;
  row(name: string): Promise<AgentRow>;
  panePid(name: string): Promise<number>;
  startRecorder(): Promise<void>;
  stopRecorder(): Promise<void>;
}

export const FACTORY_AGENTS = [
  "canary-pi",
  "dogfood-coder",
  "dogfood-orchestrator",
  "dogfood-reviewer",
] as const;
const SOCKET = "mosaic-factory";

const LAUNCHER = `[Unit]
Description=Agent %i
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/tmux -u -L ${SOCKET} new-session -d -s %i -e MOSAIC_AGENT_NAME=%i -e MOSAIC_HEARTBEAT_INTERVAL=1 ${installedFleet}/examples/dogfood-agent.py
ExecStop=/usr/bin/tmux -L ${SOCKET} kill-session -t =%i
[Install]
WantedBy=default.target
`;

function rosterText(): string {
  const agents = FACTORY_AGENTS.map((name) => {
    const runtime = name === "canary-pi" ? "pi" : "dogfood-agent.py";
    return `  - { name: ${name}, runtime: ${runtime}, class: ${name === "canary-pi" ? "canary" : "dogfood"} }`;
  });
  return [
    "version: 1",
    "transport: tmux",
    `tmux: { socket_name: ${SOCKET}, holder_session: _holder }`,
    "heartbeat: { interval_seconds: 1 }",
    "agents:",
    ...agents,
    "",
  ].join("\n");
}

/** Writes roster and units, starts the holder (owned by no unit) and the agents (oneshot launchers, not enabled). */
export async function buildFactory(host: Host, user: string): Promise<Factory> {
  const run: Factory["run"] = (...argv) => host.check(user, argv);
  const tmux: Factory["tmux"] = (...argv) => run("tmux", "-u", "-L", SOCKET, ...argv);
  const write = (path: string, text: string) =>
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own parameter expansion
    host.check(user, ["sh", "-c", 'umask 077; mkdir -p "${1%/*}"; cat >"$1"', "write", path], {
      input: text,
    });
  const fleet: Factory["fleet"] = (...argv) => host.exec(user, ["fleet", ...argv]);
  const ps: Factory["ps"] = async (...options) => {
    const { code, stdout, stderr } = await fleet("ps", "--json", ...options);
    if (code !== 0) throw new Error(`fleet ps ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as PsDocument;
  };
  const row: Factory["row"] = async (name) => {
    const found = (await ps()).agents.find((agent) => agent.name === name);
    if (!found) throw new Error(`no row ${name}`);
    return found;
  };

  await write(`/home/${user}/.config/mosaic/fleet/roster.yaml`, rosterText());
  await write(`/home/${user}/.config/systemd/user/mosaic-agent@.service`, LAUNCHER);
  await run("systemctl", "--user", "daemon-reload");
  await tmux("new-session", "-d", "-s", "_holder", "sleep", "infinity");
  await tmux("set-option", "-g", "remain-on-exit", "failed");
  await run("systemctl", "--user", "start", ...FACTORY_AGENTS.map((name) => `mosaic-agent@${name}`));
  return {
    run,
    tmux,
    fleet,
    ps,
    row,
    panePid: async (name) =>
      Number((await tmux("display-message", "-p", "-t", `=${name}:`, "#{pane_pid}")).trim()),
    startRecorder: async () =>
      void (await run(
        "systemd-run",
        "--user",
        "--quiet",
        "--unit=fleet-recorder",
        "--property=Type=exec",
        "fleet",
        "record",
      )),
    stopRecorder: async () => void (await run("systemctl", "--user", "stop", "fleet-recorder")),
  };
}
