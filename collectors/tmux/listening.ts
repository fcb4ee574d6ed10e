import { readFileSync } from "node:fs";

/** Of the flags column of /proc/net/unix: the socket accepts connections. */
const ACCEPTS = 0x10000;

/**
 * Whether somebody still listens on this socket path. The kernel goes on listing a listener whose file was removed (by a cleaner of
 * /tmp, say): nobody can reach it any longer, but it lives. False where the kernel does not tell.
 */
export function isListenedOn(socketPath: string, procRoot: string): boolean {
  let listed: string;
  try {
    listed = readFileSync(`${procRoot}/net/unix`, "utf8");
  } catch {
    return false;
  }
  return listed.split("\n").some((line) => {
    if (!line.endsWith(` ${socketPath}`)) return false;
    const [, , , flags = "0"] = line.split(/\s+/);
    return (Number.parseInt(flags, 16) & ACCEPTS) !== 0;
  });
}
