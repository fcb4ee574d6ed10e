import type { AgentRow, PsDocument } from "../../query/row.ts";
import { type Host, installedFleet } from "../sandbox/host.ts";

/** One tenant of a host whose runtimes are the stub of examples/ under the names of the real ones. */
export interface Tenant {
  readonly user: string;
  /** Runs a command as this user; throws when it fails. */
  run(...argv: string[]): Promise<string>;
  fleet(...argv: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  ps(...options: string[]): Promise<PsDocument>;
  statuses(): Promise<Record<string, string>>;
  row(name: string): Promise<AgentRow>;
  /** What tmux says of the agent's pane. */
  pane(name: string, format: string): Promise<string>;
  pid(name: string): Promise<number>;
  write(path: string, text: string, mode?: string): Promise<void>;
  /** Events of these types, oldest first. */
  events(
    ...types: string[]
  ): Promise<{ type: string; agent: string | null; payload: Record<string, unknown> }[]>;
}

export const SOCKET = "mosaic-factory";
export const AGENTS = ["orchestrator", "coder0", "coder1", "reviewer"] as const;
/** Beats each second, so that a test need not wait. */
const VARIABLES = { MOSAIC_HEARTBEAT_INTERVAL: "1" };

export async function createTenant(host: Host, user: string): Promise<Tenant> {
  const exec = (argv: string[]) => host.exec(user, argv, { env: VARIABLES });
  const run: Tenant["run"] = (...argv) => host.check(user, argv, { env: VARIABLES });
  const fleet: Tenant["fleet"] = (...argv) => exec(["fleet", ...argv]);
  const ps: Tenant["ps"] = async (...options) => {
    const { code, stdout, stderr } = await fleet("ps", "--json", ...options);
    if (code !== 0) throw new Error(`fleet ps ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as PsDocument;
  };
  const pane: Tenant["pane"] = async (name, format) =>
    (await run("tmux", "-L", SOCKET, "display-message", "-p", "-t", `=${name}:`, format)).trim();
  const write: Tenant["write"] = async (path, text, mode = "600") =>
    void (await host.check(
      user,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own parameter expansion
      ["sh", "-c", 'umask 077; mkdir -p "${1%/*}"; cat >"$1"; chmod "$2" "$1"', "write", path, mode],
      { input: text },
    ));
  for (const runtime of ["claude", "codex", "pi"]) {
    await write(`/home/${user}/.local/bin/${runtime}`, STUB, "700");
  }
  // The recipe for pi goes by a launcher, which becomes what it launches.
  await write(`/home/${user}/.local/bin/mosaic`, '#!/bin/sh\nshift 2\nexec pi --launched "$@"\n', "700");
  return {
    user,
    run,
    fleet,
    ps,
    statuses: async () => Object.fromEntries((await ps()).agents.map(({ name, status }) => [name, status])),
    row: async (name) => {
      const found = (await ps()).agents.find((agent) => agent.name === name);
      if (!found) throw new Error(`no row ${name}`);
      return found;
    },
    pane,
    pid: async (name) => Number(await pane(name, "#{pane_pid}")),
    write,
    events: async (...types) => {
      const asked = types.flatMap((type) => ["--type", type]);
      const { stdout } = await fleet("events", "--json", "--limit", "1000", ...asked);
      return stdout
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    },
  };
}

/** Under another name the stub is that runtime to whoever looks at processes. */
const STUB = `#!/usr/bin/env python3
import runpy
runpy.run_path("${installedFleet}/examples/dogfood-agent.py", run_name="__main__")
`;
