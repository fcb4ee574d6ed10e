import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether anybody could answer `systemctl --user`: a manager listens on a socket of its own and on the user's bus, and that bus may be
 * elsewhere (`DBUS_SESSION_BUS_ADDRESS`). Where there is neither file, there is nobody to ask; an address that names no file is no proof.
 */
export function canBeAsked(runtimeDirectory: string, busAddress: string | undefined): boolean {
  const sockets = ["systemd/private", "bus"].map((socket) => join(runtimeDirectory, socket));
  for (const address of busAddress === undefined || busAddress === "" ? [] : busAddress.split(";")) {
    const path = /^unix:path=([^,]+)/.exec(address)?.[1];
    if (path === undefined) return true;
    sockets.push(path);
  }
  return sockets.some((socket) => existsSync(socket));
}
