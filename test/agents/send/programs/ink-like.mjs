// Draws as Ink does: on the normal screen, cursor hidden and parked below, the last rows erased and written again, what was
// sent scrolled up above them. Keys come in chunks: an Enter that arrives together with text is part of the text.
// Usage: ink-like.mjs LOG [DRAFT]
import { appendFileSync } from "node:fs";

const [log, begun = ""] = process.argv.slice(2);
let draft = begun;
let height = 0;

function draw(above = "") {
  const lines = [
    "╭──────────────────────────────────────────────────────────╮",
    `│ > ${draft.replaceAll("\n", "⏎").slice(-50).padEnd(50)}      │`,
    "╰──────────────────────────────────────────────────────────╯",
    "  enter sends",
  ];
  const erase = height === 0 ? "" : `\u001b[${height}A\r\u001b[J`;
  process.stdout.write(`${erase}${above}${lines.join("\r\n")}\r\n`);
  height = lines.length;
}

process.stdin.setRawMode(true);
process.stdout.write("\u001b[?25l\u001b[?2004h");
draw();
process.stdin.on("data", (chunk) => {
  const text = chunk.toString("utf8");
  if (text === "\r") {
    appendFileSync(log, `${JSON.stringify(draft)}\n`);
    const sent = draft.split("\n")[0].slice(0, 70);
    draft = "";
    return draw(`you said: ${sent}\r\n\r\n`);
  }
  draft += text.replaceAll("\u001b[200~", "").replaceAll("\u001b[201~", "").replaceAll("\r", "\n");
  draw();
});
