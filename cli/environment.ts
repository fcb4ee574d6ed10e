import { FleetError } from "../store/errors.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** Who runs this and where, as the system says it. */
export interface Account {
  readonly uid: number;
  readonly home: string;
}

/** The directories and files of one tenant on one host. All paths are absolute. */
export interface Places {
  /** `roster.yaml` and `agents/NAME.env`. */
  readonly fleetHome: string;
  readonly roster: string;
  /** Heartbeat files. */
  readonly runDirectory: string;
  readonly stateDirectory: string;
  readonly database: string;
  /** Gets one byte after each commit; readers watch it. */
  readonly tick: string;
  readonly spoolDirectory: string;
  /** Which variable chose the state directory, for messages. */
  readonly stateChosenBy: string;
}

/** Where everything is (SPEC 5). An empty variable counts as unset; a relative path is refused, for it would be another place in each directory. */
export function resolvePlaces(variables: Variables, account: Account): Places {
  const home = (): string => absolute("HOME", account.home);
  const fleetHome = given(variables, "FLEET_HOME") ?? `${home()}/.config/mosaic/fleet`;
  const [stateDirectory, stateChosenBy] = stateDirectoryOf(variables, home);
  return {
    fleetHome,
    roster: `${fleetHome}/roster.yaml`,
    runDirectory: given(variables, "MOSAIC_HEARTBEAT_RUN_DIR") ?? `${fleetHome}/run`,
    stateDirectory,
    database: `${stateDirectory}/fleet.db`,
    tick: `${stateDirectory}/fleet.db.tick`,
    spoolDirectory: `${stateDirectory}/spool`,
    stateChosenBy,
  };
}

function stateDirectoryOf(variables: Variables, home: () => string): [path: string, chosenBy: string] {
  const own = given(variables, "FLEET_STATE");
  if (own !== undefined) return [own, "FLEET_STATE"];
  const shared = given(variables, "XDG_STATE_HOME");
  if (shared !== undefined) return [`${shared}/mosaic/fleet`, "XDG_STATE_HOME"];
  return [`${home()}/.local/state/mosaic/fleet`, "HOME"];
}

/** What only a writer needs to know: whose log this is, and how its declarations are filled in. */
export interface Names {
  /** `FLEET_TENANT`; null = the roster's `tenant_id`, else the user's name. */
  readonly tenantOverride: string | null;
  readonly host: string;
  /** `MOSAIC_TMUX_SOCKET`: the name after `tmux -L`; null = the roster's, else `mosaic-factory`. */
  readonly socketOverride: string | null;
  /** `MOSAIC_HEARTBEAT_INTERVAL`; null = not set. */
  readonly intervalSeconds: number | null;
  /** The directory of tmux sockets: `$TMUX_TMPDIR/tmux-UID`. */
  readonly tmuxDirectory: string;
}

export const DEFAULT_SOCKET_NAME = "mosaic-factory";
export const DEFAULT_INTERVAL_SECONDS = 15;

export function resolveNames(variables: Variables, account: Account & { readonly hostname: string }): Names {
  return {
    tenantOverride: name(variables, "FLEET_TENANT"),
    host: name(variables, "FLEET_HOST") ?? account.hostname,
    socketOverride: socketName(variables),
    intervalSeconds: seconds(variables, "MOSAIC_HEARTBEAT_INTERVAL"),
    tmuxDirectory: `${(given(variables, "TMUX_TMPDIR") ?? "/tmp").replace(/\/+$/, "")}/tmux-${account.uid}`,
  };
}

/** The path of a variable that is set, without slashes at its end. */
function given(variables: Variables, variable: string): string | undefined {
  const value = variables[variable];
  return value === undefined || value === "" ? undefined : absolute(variable, value);
}

function absolute(variable: string, path: string): string {
  if (path.startsWith("/") && !path.includes("\0")) return withoutSlashes(path);
  throw new FleetError("config", `${variable} is ${JSON.stringify(path)}, which is not an absolute path`, {
    hint: `Set ${variable} to a path that begins with a slash${variable === "HOME" ? "" : ", or unset it"}.`,
  });
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

/** A tenant or host name becomes part of every event and address: one bounded word without blanks or control characters. */
function name(variables: Variables, variable: string): string | null {
  const value = variables[variable];
  if (value === undefined || value === "") return null;
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.@-]{0,127}$/u.test(value)) return value;
  throw new FleetError(
    "config",
    `${variable} is ${JSON.stringify(value.slice(0, 200))}, which is not a name`,
    {
      hint: `Set ${variable} to letters, digits, dots, dashes and underscores, at most 128, or unset it.`,
    },
  );
}

function socketName(variables: Variables): string | null {
  const value = variables.MOSAIC_TMUX_SOCKET;
  if (value === undefined || value === "") return null;
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(value)) return value;
  throw new FleetError(
    "config",
    `MOSAIC_TMUX_SOCKET is ${JSON.stringify(value.slice(0, 200))}, which is not a socket name`,
    {
      hint: "Set it to the name after `tmux -L` (letters, digits, dots, dashes, underscores), not to a path.",
    },
  );
}

function seconds(variables: Variables, variable: string): number | null {
  const value = variables[variable];
  if (value === undefined || value === "") return null;
  const number = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && number > 0 && number <= 86_400) return number;
  throw new FleetError(
    "config",
    `${variable} is ${JSON.stringify(value.slice(0, 200))}, which is not a number of seconds`,
    {
      hint: `Set ${variable} to seconds between heartbeats, more than 0 and at most 86400, or unset it (15).`,
    },
  );
}
