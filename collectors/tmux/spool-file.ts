import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { FleetError } from "../../store/errors.ts";
import type { SpoolPosition } from "./spool-position.ts";

const HEADER = /^#fleet-spool ([0-9a-f-]{36})$/;
const HEADER_BYTES = "#fleet-spool ".length + 36 + 1;

/**
 * The file that one socket's hooks append to. Each file begins with a line that names it (`#fleet-spool UUID`), and the
 * durable position says how far each named file has been read: neither a reused inode nor a restored backup is taken
 * for another file. A file that has grown large is set aside under its own name and followed until it is read and nobody can be writing to it any more.
 */
export interface SpoolPlace {
  readonly directory: string;
  readonly socketName: string;
}

/** Whether a spool can be named after a socket: the name becomes part of a path, and is told from what follows it. */
export function isSpoolName(socketName: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}$/.test(socketName);
}

export function spoolPath({ directory, socketName }: SpoolPlace): string {
  if (!isSpoolName(socketName)) {
    throw new FleetError("config", `no spool can be named after the socket ${JSON.stringify(socketName)}`, {
      hint: "name tmux sockets with letters, digits, - and _",
    });
  }
  return join(directory, `${socketName}.spool`);
}

/** A file of a spool, open for reading. */
export interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly size: number;
  readonly generation: string;
  readonly headerBytes: number;
}

/** All files, oldest first; a file that still has two names (a rotation was cut short) comes once. */
export function openFiles(place: SpoolPlace): OpenFile[] {
  const files: OpenFile[] = [];
  for (const path of [...setAside(place), spoolPath(place)]) {
    const fd = openIfThere(path);
    if (fd === null) continue;
    const file = describe(path, fd);
    const twin = files.findIndex((other) => other.generation === file.generation);
    if (twin !== -1) {
      closeSync((files[twin] as OpenFile).fd);
      files.splice(twin, 1);
    }
    files.push(file);
  }
  return files;
}

export function setAside(place: SpoolPlace): string[] {
  const prefix = `${basename(spoolPath(place))}.`;
  let names: string[];
  try {
    names = readdirSync(place.directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names
    .filter(
      (name) =>
        name.startsWith(prefix) &&
        /^(?:[0-9a-f]{8}-[0-9a-f-]{27}|inode-[0-9-]+)$/.test(name.slice(prefix.length)),
    )
    .map((name) => join(place.directory, name))
    .map((path) => ({ path, ms: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => a.ms - b.ms)
    .map(({ path }) => path);
}

export function describe(path: string, fd: number): OpenFile {
  const { size, dev, ino } = fstatSync(fd);
  const head = Buffer.alloc(HEADER_BYTES);
  const length = readSync(fd, head, 0, head.length, 0);
  const line = head.toString("latin1", 0, length);
  const uuid = line.endsWith("\n") ? HEADER.exec(line.slice(0, -1))?.[1] : undefined;
  // Without its first line (emptied by hand, or lost in a power cut) a file is known by its inode, and soon set aside.
  const generation = uuid ?? `inode-${dev}-${ino}`;
  return { path, fd, size, generation, headerBytes: uuid === undefined ? 0 : HEADER_BYTES };
}

/** Where reading goes on in a file. */
export function startOf(file: OpenFile, position: SpoolPosition): number {
  return Math.min(position[file.generation] ?? file.headerBytes, file.size);
}

/** A new, named, empty spool under a spare name. */
export function freshSpool(path: string): string {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, `#fleet-spool ${randomUUID()}\n`, { mode: 0o600, flag: "wx" });
  return fresh;
}

export function openIfThere(path: string): number | null {
  try {
    // Neither through a link nor waiting for the other end of a pipe.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    return null;
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === "ENOENT" ||
      (error as NodeJS.ErrnoException).code === "ELOOP"
    )
      return null;
    throw error;
  }
}
