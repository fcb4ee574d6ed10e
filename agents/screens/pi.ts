import type { ScreenKnowledge } from "./knowledge.ts";

export const pi: readonly ScreenKnowledge[] = [
  {
    runtime: "pi",
    version: "0.87.1",
    alternate: false,
    input: { kind: "rules", marker: "", indent: "", rule: /^─{20,}$|^── \S.* ─{3,}$/ },
    pasted: /\[paste #\d+ \+\d+ lines\]|\[paste #\d+ \d+ chars\]/,
    // Pi shows no hint: an empty row is the cursor alone.
    isHint: () => false,
    footers: [/^[~/]/, /\d(?:\.\d+)?%\/\S+ \(auto\)/],
    tip: null,
    signature: /\d(?:\.\d+)?%\/\S+ \(auto\)/,
    busy: { below: [], above: [/^── [\u2800-\u28ff] \S.* ─{3,}$|^── Retrying \(/], title: null },
    queued: [/^ ?Steering: |^ ?Follow-up: /],
    waiting: {
      rows: 5,
      marks: [
        { name: "permission", hint: /enter select {2}escape\/ctrl\+c cancel/, text: /\b[Aa]llow\b.*\?/ },
        { name: "menu", hint: /enter (?:select|confirm|submit)\b.*escape\/ctrl\+c cancel/ },
      ],
      title: null,
    },
    dialogs: [{ name: "trust-project", all: [/Trust project folder\?/, /enter select/] }],
  },
];
