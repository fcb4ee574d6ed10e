import type { ScreenKnowledge } from "./knowledge.ts";

export const codex: readonly ScreenKnowledge[] = [
  {
    runtime: "codex",
    version: "0.169.0",
    alternate: true,
    input: { kind: "marker", marker: "› ", indent: "  " },
    pasted: /\[Pasted Content \d+ chars\]/,
    isHint: (cell) => cell.dim,
    footers: [
      /^ {2}\S.* · [~/]/,
      /\? for shortcuts/,
      /tab to queue message/,
      /\d+ warnings? · f2 to view/,
      /← for agents/,
      /(?:ctrl ?\+ ?c|Ctrl-C) again to/,
    ],
    tip: null,
    signature: /^ {2}\S.* · [~/]/,
    // Its working row is gone while an answer streams in, so that only the title tells.
    busy: { below: [], above: [/^[•◦] Working \(.*esc to interrupt/], title: /^[\u2800-\u28ff] / },
    queued: [],
    waiting: {
      rows: 1,
      marks: [
        { name: "permission", hint: /Press enter to confirm or esc to cancel/ },
        { name: "menu", hint: /^ {2}enter (?:select|confirm|continue|submit)\b.*· esc/ },
      ],
      title: /^\[ [!.] \] Action Required/,
    },
    dialogs: [
      { name: "login", all: [/Sign in with (?:ChatGPT|Device Code)/] },
      { name: "trust-folder", all: [/Trust and continue/] },
      { name: "hooks-review", all: [/Trust all and continue/, /Review hooks/] },
    ],
  },
];
