import type { ScreenKnowledge } from "./knowledge.ts";

export const opencode: readonly ScreenKnowledge[] = [
  {
    runtime: "opencode",
    version: "1.18.33",
    alternate: true,
    input: { kind: "box", bar: /^\s*┃/, label: /┃ {2}\S+ · \S/, bottom: /^\s*╹▀{10,}/ },
    pasted: /\[Pasted ~\d+ lines\]/,
    isHint: (cell) => cell.foreground === "38;5;8",
    footers: [/ctrl\+p commands/, /[⬝■]{4,}/, /^ {1,4}[~/]\S*/],
    tip: /^\s+● Tip /,
    signature: /ctrl\+p commands|[⬝■]{4,}/,
    busy: { below: [/[⬝■]{4,}\s+(?:esc (?:again to )?interrupt|.*\[retrying in)/], above: [], title: null },
    queued: [/\bQUEUED\b/],
    waiting: {
      rows: 3,
      marks: [
        { name: "permission", hint: /Allow once\s+Allow always\s+Reject/ },
        { name: "question", hint: /enter (?:submit|confirm|toggle|select)\b.*esc dismiss/ },
        { name: "menu", hint: /esc (?:dismiss|cancel|close)\b/ },
      ],
      title: null,
    },
    dialogs: [],
  },
];
