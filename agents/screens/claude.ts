import type { ScreenKnowledge } from "./knowledge.ts";

const current: ScreenKnowledge = {
  runtime: "claude",
  version: "2.1.329",
  alternate: true,
  input: { kind: "rules", marker: "❯\u00a0", indent: "  ", rule: /^─{20,}$/ },
  pasted: /\[Pasted text #\d+(?: \+\d+ lines)?\]/,
  // A hint is dim; its first character lies under the cursor that Claude draws itself, in reverse.
  isHint: (cell) => cell.dim,
  footers: [
    /\? for shortcuts/,
    /mode on\b/,
    /esc to interrupt/,
    /Press Ctrl-C again to exit/,
    /paste again to expand/,
    /← for agents/,
  ],
  tip: null,
  signature: /\? for shortcuts|mode on\b|Press Ctrl-C again|paste again to expand|← for agents/,
  busy: {
    below: [/esc to interrupt/],
    // `✻ Brewing… (2s · ↓ 5 tokens)`; a finished turn has no ellipsis: `✻ Brewed for 6s · done 6:25 AM`.
    above: [/^[·✢✳✶✻✽] .*…/, /^[·✢✳✶✻✽] .*retrying in \d/],
    title: null,
  },
  queued: [/Press up to edit queued messages/, /⎿\s+Queued ·/],
  waiting: {
    rows: 2,
    marks: [
      { name: "question", hint: /Enter to select · ↑\/↓ to navigate/ },
      { name: "permission", hint: /^ Esc to cancel ·/ },
      { name: "menu", hint: /Esc to (?:cancel|exit|go back|close)|Enter to (?:confirm|select|continue)/ },
    ],
    title: null,
  },
  dialogs: [
    { name: "theme", all: [/Choose the text style that looks best/] },
    { name: "security-notes", all: [/^ *Security notes:/m, /Press Enter to continue/] },
    { name: "api-key", all: [/Do you want to use this API key\?/] },
    { name: "trust-folder", all: [/Yes, I trust this folder/] },
    { name: "login", all: [/Select login method|Paste code here if prompted/] },
  ],
};

export const claude: readonly ScreenKnowledge[] = [
  current,
  // What npm gives under an old Node: it draws on the main screen.
  { ...current, version: "2.1.197", alternate: false },
];
