import { userInfo } from "node:os";

/** A uid without an entry in the password file is still one tenant. */
export function userName(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${uid}`;
  }
}
