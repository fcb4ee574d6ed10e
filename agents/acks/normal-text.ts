import { createHash } from "node:crypto";

/**
 * A prompt as it can be compared with what a runtime says it received. Claude Code wraps big pastes in
 * `<pasted_content id="1a2b">` lines with empty lines before them; OpenCode adds blanks at the end. So those lines go,
 * together with the line ends around them; blanks at the end of each line and at both ends go too. (120 of 120 messages of
 * four runtimes matched so, and none needed a visible marker.)
 *
 * `adapters/prompt-digest.awk` and `adapters/responder.js` do the same; a test holds the three to agree.
 */
export function normalText(text: string): string {
  const lines: string[] = [];
  let joins = false;
  for (const line of text.split("\n")) {
    if (OPENS.test(line)) {
      while (!joins && lines.at(-1) === "") lines.pop();
      joins = true;
    } else if (CLOSES.test(line)) {
      joins = true;
    } else {
      if (joins && lines.length > 0) lines[lines.length - 1] += line;
      else lines.push(line);
      joins = false;
    }
  }
  return trimmed(lines.map((line) => line.slice(0, endOf(line))).join("\n"));
}

/** SHA-256 of the normal text, in hex: what an adapter writes as `sha256=` and `ack=`. */
export function digestOfPrompt(text: string): string {
  return createHash("sha256").update(normalText(text)).digest("hex");
}

const OPENS = /^<pasted_content id="[0-9a-f]{4}">$/;
const CLOSES = /^<\/pasted_content id="[0-9a-f]{4}">$/;

/** By hand: `/[ \t\r]+$/` looks at each blank of a long run as a new beginning. */
function endOf(line: string): number {
  let end = line.length;
  while (end > 0 && " \t\r".includes(line[end - 1] as string)) end -= 1;
  return end;
}

function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && " \t\r\n".includes(text[start] as string)) start += 1;
  while (end > start && " \t\r\n".includes(text[end - 1] as string)) end -= 1;
  return text.slice(start, end);
}
