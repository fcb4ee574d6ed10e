import { FleetError } from "../../store/errors.ts";
import type { TakesMessages } from "./runtimes.ts";

export const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * What a terminal would obey: C0 without tab and newline, DEL, C1. An escape can end the bracketed paste, and everything after it
 * would be typed as keys.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The bytes of a file or of stdin as text; what is not UTF-8 is refused, because it could not be sent as it is. */
export function decodeMessage(bytes: Uint8Array, from: string): string {
  if (bytes.length > MAX_MESSAGE_BYTES + 1) throw tooLong(bytes.length);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    // The end of its last line belongs to the file; the Enter that sends the message is ours.
    return text.replace(/\r?\n$/, "");
  } catch {
    throw new FleetError("usage", `the message from ${from} is not UTF-8`, {
      hint: "Convert it first: iconv -f latin1 -t utf-8 FILE | fleet send NAME -",
    });
  }
}

/** The message as it may be typed, or why it may not. `strip` takes out what must not be in it. */
export function checkMessage(text: string, { strip }: { readonly strip: boolean }): string {
  const message = strip ? text.replaceAll("\r\n", "\n").replaceAll(CONTROLS, "") : text;
  if (message.trim() === "") {
    throw new FleetError("usage", "the message is empty", {
      hint: "Give a text, `-` for stdin, or --file FILE.",
    });
  }
  const bytes = Buffer.byteLength(message);
  if (bytes > MAX_MESSAGE_BYTES) throw tooLong(bytes);
  if (/\p{Cs}/u.test(message)) {
    throw new FleetError("usage", "the message holds half of a character (a lone surrogate)", {
      hint: "Give it as UTF-8 by --file or stdin.",
    });
  }
  const found = message.search(CONTROLS);
  if (found === -1) return message;
  const code = message.charCodeAt(found).toString(16).padStart(2, "0");
  const line = message.slice(0, found).split("\n").length;
  throw new FleetError("usage", `the message holds a control character (0x${code}, line ${line})`, {
    hint: "A terminal would obey it. --strip-controls takes such characters out (and makes \\r\\n to \\n).",
  });
}

/** What is typed for a message, and what is to be said about it. */
export interface Typed {
  readonly text: string;
  readonly remarks: readonly string[];
}

/**
 * The message as this runtime must be given it. Where it would be obeyed rather than read (`!` runs a shell at once), one blank
 * goes before it, unless a command is meant.
 */
export function asTyped(
  message: string,
  takes: TakesMessages | null,
  { command }: { readonly command: boolean },
): Typed {
  if (takes === null) return { text: message, remarks: [] };
  const obeyed = !command && takes.obeys?.test(message) === true;
  const change = takes.changes?.(message) ?? null;
  return {
    text: obeyed ? ` ${message}` : message,
    remarks: [
      ...(obeyed ? [`a blank was put before its ${message[0]}, which would be obeyed and not read`] : []),
      ...(change === null ? [] : [change]),
    ],
  };
}

/** What to say of a message that is more than can be sent. */
export function tooLong(bytes: number): FleetError {
  return new FleetError(
    "usage",
    `the message has ${bytes} bytes, more than the ${MAX_MESSAGE_BYTES} that are sent`,
    {
      hint: "Put it into a file where the agent can read it, and send the file's name.",
    },
  );
}
