import type { Output } from "../output.ts";
import { formatClock, isoMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";

/** What the recorder has to say for itself; changes only, never a line for each look. */
export type Notice =
  | { readonly what: "started"; readonly database: string; readonly watching: string }
  | {
      readonly what: "source";
      readonly source: string;
      readonly scope: string;
      readonly reason: string | null;
    }
  | { readonly what: "log"; readonly reason: string | null }
  | { readonly what: "archive"; readonly reason: string }
  | { readonly what: "clock"; readonly text: string }
  | { readonly what: "mirror"; readonly text: string; readonly trouble: boolean }
  | { readonly what: "metrics"; readonly url: string; readonly token: string }
  | { readonly what: "metrics"; readonly reason: string }
  | { readonly what: "stopped"; readonly reason: string };

export type Voice = (notice: Notice) => void;

/**
 * The recorder's voice: a line each, trouble on stderr and the rest on stdout; or JSON lines. Whoever is gone from the other
 * end of the pipe is no reason to stop recording.
 */
export function createVoice(
  output: Output,
  options: { json: boolean; nowUs: () => number; tenantId: string; host: string },
): Voice {
  const { json, nowUs, tenantId, host } = options;
  const trusting = (say: () => void): void => {
    try {
      say();
    } catch {
      // EPIPE, or a full disk behind a redirection: the log is what counts.
    }
  };
  return (notice) => {
    if (json) {
      const line = {
        schema: "fleet.record.v1",
        tenant_id: tenantId,
        host,
        at: isoMoment(nowUs()),
        ...notice,
      };
      trusting(() => output.print(`${JSON.stringify(line)}\n`));
      return;
    }
    const { text, trouble } = wordsFor(notice, `${tenantId}@${host}`);
    const line = `${formatClock(nowUs())} ${visible(text)}\n`;
    trusting(() => (trouble ? output.complain(line) : output.print(line)));
  };
}

function wordsFor(notice: Notice, who: string): { text: string; trouble: boolean } {
  switch (notice.what) {
    case "started":
      return { text: `recording ${who} into ${notice.database}: ${notice.watching}`, trouble: false };
    case "source": {
      const name = notice.scope === "" ? notice.source : `${notice.source} ${notice.scope}`;
      if (notice.reason === null) return { text: `${name} answers`, trouble: false };
      return { text: `${name} does not answer: ${notice.reason}`, trouble: true };
    }
    case "log":
      if (notice.reason === null) return { text: "the log can be written again", trouble: false };
      return { text: `the log cannot be written, trying again each second: ${notice.reason}`, trouble: true };
    case "archive":
      return {
        text: `recording goes on, but a part of the archive is lost: ${notice.reason}`,
        trouble: true,
      };
    case "clock":
      return { text: notice.text, trouble: true };
    case "mirror":
      return { text: notice.text, trouble: notice.trouble };
    case "metrics":
      if ("reason" in notice) return { text: `metrics cannot be served: ${notice.reason}`, trouble: true };
      return { text: `metrics at ${notice.url}, for whoever knows ${notice.token}`, trouble: false };
    case "stopped":
      return { text: `stopped: ${notice.reason}`, trouble: false };
  }
}
