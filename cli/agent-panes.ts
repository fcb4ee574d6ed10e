import { hostname } from "node:os";
import { join } from "node:path";
import { checkAgentName } from "../agents/beat/beat.ts";
import { type TmuxServer, tmuxServer } from "../agents/pane/tmux.ts";
import { documentOf } from "../query/planes/documents.ts";
import type { ReadonlyDocuments } from "../store/projection.ts";
import { type Names, resolveNames, type Variables } from "./environment.ts";
import { openExistingLog } from "./existing-log.ts";
import { type Here, lookAround } from "./here.ts";
import { agentsIn } from "./known-agents.ts";
import { createSocketNames, readRosterFile } from "./roster-file.ts";

/** What a program that tmux starts, or that asks the kernel, is given of our environment. */
export function toolEnvironment(variables: Variables): { readonly PATH: string; readonly HOME: string } {
  return { PATH: variables.PATH ?? "/usr/local/bin:/usr/bin:/bin", HOME: variables.HOME ?? "/" };
}

/** The tmux servers of this tenant's fleet; that of the agent's own declaration first. */
export function tmuxServersOf(
  variables: Variables,
  { here, names, documents }: { here: Here; names: Names; documents: ReadonlyDocuments },
  agent?: string,
): TmuxServer[] {
  const environment = { socketName: names.socketOverride, heartbeatIntervalSeconds: names.intervalSeconds };
  const all = createSocketNames(here.places.roster, environment)(documents);
  const own =
    agent === undefined ? undefined : documentOf(documents, "roster", agent)?.declaration.socketName;
  const ordered = own === undefined ? all : [own, ...all.filter((name) => name !== own)];
  return ordered.map((name) => tmuxServer(join(names.tmuxDirectory, name), toolEnvironment(variables)));
}

/** Everyone who is known by name: on the roster (recorded yet or not), seen in a session, or heard by a beat. */
export function knownAgents({ places }: Here, documents: ReadonlyDocuments): string[] {
  const roster = readRosterFile(places.roster);
  const declared = roster?.ok ? roster.roster.agents.map(({ name }) => name) : [];
  return [...new Set([...agentsIn(documents), ...declared])].sort();
}

const NO_DOCUMENTS: ReadonlyDocuments = { get: () => undefined, list: () => [] };

/** For verbs that only look: where panes are to be found, with or without a log, and who is known. Nothing is written. */
export function panesAround(variables: Variables): {
  readonly here: Here;
  readonly names: Names;
  servers(agent?: string): TmuxServer[];
  readonly known: readonly string[];
} {
  const here = lookAround(variables);
  const names = resolveNames(variables, { ...here.account, hostname: hostname() });
  const reader = openExistingLog(here);
  try {
    const documents = reader === null ? NO_DOCUMENTS : reader.documents(reader.identity());
    const known = knownAgents(here, documents);
    const sockets = new Map<string, TmuxServer[]>();
    const servers = (agent?: string) => tmuxServersOf(variables, { here, names, documents }, agent);
    // The documents are a view of a log that is closed below.
    for (const agent of known) sockets.set(agent, servers(agent));
    const all = servers();
    return { here, names, known, servers: (agent) => sockets.get(agent ?? "") ?? all };
  } finally {
    reader?.close();
  }
}

/** A name from the command line, checked before it becomes a word for tmux, which runs what it finds in `#(...)`. */
export function agentNameOf(words: { readonly arguments: readonly string[] }): string {
  return checkAgentName(words.arguments[0] ?? "");
}
