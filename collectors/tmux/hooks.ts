import { createHash } from "node:crypto";
import { FleetError } from "../../store/errors.ts";

/** Our place in each of tmux's hook arrays. Hooks of the user stand at 0 and up; nobody counts this far. */
export const HOOK_SLOT = 8973;

/** Beyond this the hooks write nothing more: about half a million lines that nobody has read. */
export const MAX_SPOOL_BYTES = 64 * 1024 * 1024;

/** The hooks we set, and for each the formats that tell the truth in it; every other format names some other session or pane. */
interface HookSpec {
  readonly hook: string;
  readonly session?: string;
  readonly window?: string;
  readonly pane?: string;
  readonly client?: string;
  readonly status?: string;
  readonly signal?: string;
  readonly name?: string;
}

const byHook = { session: "hook_session", name: "hook_session_name" };
const byTarget = { session: "session_id", name: "session_name" };

export const FLEET_HOOKS: readonly HookSpec[] = [
  { hook: "session-created", ...byHook },
  // session_id and the like describe some other session by now; the hook_ ones survive.
  { hook: "session-closed", ...byHook },
  { hook: "session-renamed", ...byHook },
  { hook: "window-unlinked", ...byHook, window: "hook_window" },
  // window-linked would fire a second time for each new session; the after-hooks have no hook_ ids, but name their target.
  { hook: "after-new-window", ...byTarget, window: "window_id", pane: "pane_id" },
  { hook: "after-split-window", ...byTarget, window: "window_id", pane: "pane_id" },
  // Every format names some pane that is still there, so none is asked: it says when a command closed one, and to look.
  { hook: "after-kill-pane" },
  {
    hook: "pane-died",
    ...byTarget,
    window: "window_id",
    pane: "hook_pane",
    status: "pane_dead_status",
    signal: "pane_dead_signal",
  },
  // Whatever else is asked here is answered about a pane that survived.
  { hook: "pane-exited", pane: "hook_pane" },
  { hook: "client-attached", ...byTarget, client: "hook_client" },
  { hook: "client-session-changed", ...byTarget, client: "hook_client" },
  // The session may be gone already, so it is not asked for.
  { hook: "client-detached", client: "hook_client" },
];

/** Names the state directory that a server's hooks write to, without showing its path. */
export function ownerOf(spoolPath: string): string {
  return createHash("sha256").update(spoolPath).digest("hex").slice(0, 16);
}

/** A format of one digit for each hook: 1 where the server holds something in our slot. */
export function installedFormat(): string {
  return FLEET_HOOKS.map(({ hook }) => `#{?${hook}[${HOOK_SLOT}],1,0}`).join("");
}

/**
 * What a hook does: number the event in the server (background jobs are not started in order), then append one line.
 *
 * The shell part must be silent and must succeed whatever happens, since a hook that prints or fails puts the newest
 * session's pane into view mode, where it swallows what is sent to it. It knows only builtins, so it forks nothing. `command`
 * keeps a shell that cannot trap from exiting; without the trap a spool at its limit would kill the shell by SIGXFSZ.
 * The path comes from an option that holds it as a single-quoted word, and every value is quoted by `q:` outside quotes.
 */
export function hookCommand(spec: HookSpec): string {
  const fields = [spec.session, spec.window, spec.pane, spec.client, spec.status, spec.signal, spec.name];
  const words = ["#{q:@fleet_n}", "#{q:pid}", "#{T:@fleet_now}", spec.hook, ...fields.map(quotedFormat)];
  const limit = MAX_SPOOL_BYTES / 512;
  const shell = [
    "f=#{@fleet_spool};",
    '[ -f "$f" ] &&',
    `{ command trap "" XFSZ; ulimit -f ${limit}; printf "%s\\n" ${words.join("\\|")} >>"$f"; } 2>/dev/null;`,
    ":",
  ].join(" ");
  return `set-option -sF @fleet_n "#{e|+|:#{@fleet_n},1}" ; run-shell -b '${shell}'`;
}

/** tmux commands that set our options and hooks on a server. Hooks of the user stay as they are. */
export function installCommands(spoolPath: string): string[][] {
  return [
    // `#{T:…}` of this is the time in seconds, told by the server without a fork.
    ["set-option", "-s", "@fleet_now", "%s"],
    // The counter goes on where it stood.
    ["set-option", "-sqo", "@fleet_n", "0"],
    ["set-option", "-s", "@fleet_spool", shellWord(spoolPath)],
    ["set-option", "-s", "@fleet_owner", ownerOf(spoolPath)],
    ...FLEET_HOOKS.map((spec) => ["set-hook", "-g", `${spec.hook}[${HOOK_SLOT}]`, hookCommand(spec)]),
  ];
}

/** Tells all that `parseMarks` needs: session and window hooks are two arrays, and the server's options. */
export const MARKS_COMMANDS: readonly (readonly string[])[] = [
  ["display-message", "-p", "pid #{pid}"],
  ["show-options", "-s"],
  ["show-hooks", "-g"],
  ["show-hooks", "-gw"],
];

/** What of ours a server holds. */
export interface Marks {
  readonly server: number;
  readonly hooks: readonly string[];
  readonly options: readonly string[];
  readonly owner: string | null;
}

export function parseMarks(stdout: string): Marks {
  const lines = stdout.split("\n");
  const slot = new RegExp(`^([a-z-]+)\\[${HOOK_SLOT}\\] `);
  const hooks = new Set<string>();
  const options: string[] = [];
  let owner: string | null = null;
  for (const line of lines) {
    const hook = slot.exec(line)?.[1];
    if (hook !== undefined && line.includes("@fleet_")) hooks.add(hook);
    const option = /^(@fleet_[A-Za-z0-9_-]+)(?: |$)/.exec(line)?.[1];
    if (option !== undefined) options.push(option);
    if (option === "@fleet_owner") owner = line.slice(option.length).trim();
  }
  return { server: Number(/^pid (\d+)$/.exec(lines[0] ?? "")?.[1] ?? 0), hooks: [...hooks], options, owner };
}

/** tmux commands that take away what `parseMarks` found, hooks first: a hook without its options would only write nothing. */
export function removeCommands(marks: Pick<Marks, "hooks" | "options">): string[][] {
  return [
    ...marks.hooks.map((hook) => ["set-hook", "-gu", `${hook}[${HOOK_SLOT}]`]),
    ...marks.options.map((option) => ["set-option", "-su", option]),
  ];
}

/** A path as one word of a POSIX shell. Control characters are refused: tmux would not keep a line break as it is. */
export function shellWord(path: string): string {
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x20 && code !== 0x7f) continue;
    throw new FleetError("config", `the spool's path holds a control character: ${JSON.stringify(path)}`, {
      hint: "choose a state directory without line breaks, tabs and the like (FLEET_STATE)",
    });
  }
  if (!path.startsWith("/")) {
    throw new FleetError("config", `the spool's path is not absolute: ${JSON.stringify(path)}`, {
      hint: "choose an absolute state directory (FLEET_STATE)",
    });
  }
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function quotedFormat(format: string | undefined): string {
  if (format === undefined) return "";
  // A terminal's name is the one value here that another program chooses freely, and `q:` does not escape line breaks.
  return format === "hook_client" ? "#{s/[^ -~]/?/;q:hook_client}" : `#{q:${format}}`;
}
