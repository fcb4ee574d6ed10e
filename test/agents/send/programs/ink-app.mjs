// A program of the real Ink, with an input row as its own `useInput` makes one: a chunk of text is typed into it, an Enter that comes
// as a read of its own sends it. Usage: ink-app.mjs LOG [DRAFT]
import { appendFileSync } from "node:fs";
import { Box, render, Static, Text, useInput } from "ink";
import { createElement as h, useState } from "react";

const [log, begun = ""] = process.argv.slice(2);

function App() {
  const [draft, setDraft] = useState(begun);
  const [said, setSaid] = useState([]);
  useInput((input, key) => {
    if (!key.return) return setDraft((before) => before + input);
    appendFileSync(log, `${JSON.stringify(draft)}\n`);
    setSaid((before) => [...before, draft.slice(0, 70)]);
    setDraft("");
  });
  return h(
    Box,
    { flexDirection: "column" },
    h(Static, { items: said }, (text, at) => h(Text, { key: at }, `you said: ${text}`)),
    h(Box, { borderStyle: "round", width: 100 }, h(Text, null, ` > ${draft}`)),
    h(Text, { dimColor: true }, "  enter sends"),
  );
}

render(h(App));
