import { basename } from "node:path";
import { printable } from "../printable.ts";
import { isInterpreter, isShell, scriptOf } from "./script-of.ts";

/** One process as /proc tells of it. */
export interface ProcessRecord {
  readonly pid: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly ttyNr: number;
  /** The foreground group of its terminal. */
  readonly tpgid: number;
  readonly state: string;
  readonly startTicks: number;
  /** At most 15 bytes; a program may change it. */
  readonly comm: string;
  /** As the program was started, or what it has written over that. */
  readonly argv: readonly string[];
  /** The file that runs; null where we may not know. */
  readonly exe: string | null;
}

export interface Program {
  readonly name: string | null;
  /** `node`, `python3`, ... when the name is that of what it runs. */
  readonly interpreter: string | null;
  /** A shell and a wrapper are there for the sake of what they have started. */
  readonly kind: "program" | "shell" | "wrapper";
  /** A shell that runs a script of its own has a name worth telling; a prompt and `-c` have none. */
  readonly isScript: boolean;
}

/**
 * Programs that start another one and wait for it, in the same terminal. Those that replace themselves (env, nice, exec)
 * need not be here. `mosaic yolo pi` is how the Mosaic launcher runs pi.
 */
const WRAPPERS = new Set(
  `mosaic npm npx pnpm pnpx yarn bunx tsx nodemon uv uvx pipx poetry pipenv hatch rye
   timeout time script unbuffer rlwrap expect sudo doas su runuser login setpriv unshare nsenter
   tini dumb-init catatonit s6-supervise supervise systemd-run systemd-inhibit caffeinate
   strace ltrace watch entr flock op doppler infisical direnv dotenv dotenvx aws-vault chronic`.split(/\s+/),
);

/** What one process is, by name. Never more than names: command lines carry secrets. */
export function programOf(record: ProcessRecord): Program {
  const exe = record.exe === null ? null : basename(record.exe.replace(/ \(deleted\)$/, ""));
  const typed = typedName(record.argv[0] ?? "");
  const comm = titleName(record.comm);
  // A program may write any title over its arguments; the kernel's own two names then do not agree with the first of them.
  const isOwnName = typed !== "" && (isCutTo(typed, comm) || typed === exe);
  const interpreter = isInterpreter(typed) ? typed : exe !== null && isInterpreter(exe) ? exe : null;
  if (interpreter !== null && (interpreter === typed || !isOwnName)) {
    const script = scriptOf(interpreter, record.argv.slice(1));
    if (script === null) return program(interpreter, null, false);
    return program(basename(script), interpreter, true);
  }
  if (isOwnName) return program(typed, interpreter, false);
  return program(exe !== null && isCutTo(exe, comm) ? exe : comm || exe, interpreter, false);
}

/** `fleet beat`: the program itself, or its launcher, which is a shell for a moment. Only the verb is looked at. */
export function isOwnBeat({ argv }: ProcessRecord): boolean {
  const interpreter = typedName(argv[0] ?? "");
  const args = argv.slice(1);
  if (!isInterpreter(interpreter)) return false;
  const script = scriptOf(interpreter, args);
  if (script === null || !/^fleet(?:\.cjs)?$/.test(basename(script))) return false;
  return args[args.indexOf(script) + 1] === "beat";
}

function program(name: string | null, interpreter: string | null, isScript: boolean): Program {
  const shell = isShell(interpreter ?? name ?? "");
  const kind = shell ? "shell" : WRAPPERS.has(plain(name ?? "")) ? "wrapper" : "program";
  const shown = printable(name ?? "", 128);
  return { name: shown === "" ? null : shown, interpreter, kind, isScript };
}

function plain(name: string): string {
  return name.replace(/\.(?:js|mjs|cjs|py|sh)$/, "");
}

/** The kernel keeps 15 bytes of a name. */
function isCutTo(name: string, comm: string): boolean {
  return (
    comm !== "" &&
    Buffer.from(name).subarray(0, 15).toString("latin1") === Buffer.from(comm).toString("latin1")
  );
}

/** argv[0]: a path as it was typed (`-bash` for a login shell), or a title that begins with the program's name. */
function typedName(word: string): string {
  const text = word.replace(/^-/, "");
  return text.startsWith("/") || text.startsWith(".") ? basename(text) : titleName(text);
}

/** `npm exec pi`, `nginx: master process`: the first word is the program. */
function titleName(text: string): string {
  return basename(text.trim().split(/:?\s/)[0] ?? "");
}
