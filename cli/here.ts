import { FleetError } from "../store/errors.ts";
import { type Account, type Places, resolvePlaces, type Variables } from "./environment.ts";
import { stateDirectoryExists } from "./state-directory.ts";

/** Who runs this process. */
export function currentAccount(variables: Variables): Account {
  const uid = process.getuid?.();
  if (uid === undefined) {
    throw new FleetError("unavailable", `fleet does not run on ${process.platform}: it has no user ids`, {
      hint: "Run fleet on Linux.",
    });
  }
  return { uid, home: variables.HOME ?? homeFromPasswordFile() };
}

/** An account without HOME (a bare cron or sudo) still has one. Loaded only then: node:os costs a start a third of a ms. */
function homeFromPasswordFile(): string {
  return process.getBuiltinModule("node:os").homedir();
}

export interface Here {
  readonly account: Account;
  readonly places: Places;
  /** It is there, and can be trusted. */
  readonly hasStateDirectory: boolean;
}

/** Where this command finds things; throws when the state directory must not be used. */
export function lookAround(variables: Variables): Here {
  const account = currentAccount(variables);
  const places = resolvePlaces(variables, account);
  return { account, places, hasStateDirectory: stateDirectoryExists(places, account.uid) };
}

/** What to throw when a verb needs a log and there is none. */
export function nothingRecorded(places: Places): FleetError {
  const what = isThere(places.database) ? "holds no log yet" : "is not there";
  return new FleetError("unavailable", `nothing has been recorded yet: ${places.database} ${what}`, {
    hint: "Run `fleet ps` for one look, or `fleet record` to watch and remember.",
  });
}

/** An empty file is one that a writer has only just made, or that somebody has emptied. */
function isThere(path: string): boolean {
  return process.getBuiltinModule("node:fs").existsSync(path);
}
