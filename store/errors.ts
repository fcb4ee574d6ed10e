/** What kind of trouble this is; `cli/main.ts` alone turns a kind into an exit code. */
export type ErrorKind =
  | "usage" // the words on the command line are wrong
  | "config" // roster, environment or a directory is not as it must be
  | "unavailable" // something outside did not answer, is missing, or is held by another
  | "conflict" // somebody else was first (a cursor moved, a recorder already runs)
  | "corrupt" // a file is damaged
  | "archive" // a file of the archive is not there, or is harmed: what lies in it is unknown, and all else is not
  | "too-new"; // the database was written by a newer fleet

/** The one error this project throws on purpose. Anything else that is thrown is a bug and is reported as one. */
export class FleetError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;

  /** `message` says what is wrong and names the value received; `hint` says what to do about it. */
  constructor(kind: ErrorKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FleetError";
    this.kind = kind;
    this.hint = options.hint;
  }
}
