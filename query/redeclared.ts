import type { PayloadOf } from "../store/events/catalogue.ts";

export type Declaration = PayloadOf<"roster.agent.declared">;

/** One thing that a new declaration says otherwise; named as the cells of `fleet diff` are. */
export interface DeclaredChange {
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What verdicts, flags or kinds depend on. The rest of a declaration is of use to whoever acts. */
const SAID: readonly (readonly [what: string, read: (declaration: Declaration) => string | null])[] = [
  ["class", (declaration) => declaration.class],
  ["runtime", (declaration) => declaration.runtime],
  ["role", (declaration) => declaration.role],
  ["expected to beat", ({ heartbeat }) => (heartbeat === "expected" ? "yes" : "no")],
  ["interval", ({ intervalSeconds }) => `${intervalSeconds} s`],
  ["lifecycle", ({ lifecycle }) => lifecycle],
  ["unit", ({ unit }) => unit],
  ["socket", ({ socketName }) => socketName],
  [
    "accepted as its runtime",
    ({ driftAccept }) => (driftAccept.length === 0 ? null : driftAccept.join(", ")),
  ],
];

/** Of whom no beat is expected, the interval is nothing that anybody goes by. */
export function changesBetween(was: Declaration, is: Declaration): DeclaredChange[] {
  const beats = is.heartbeat === "expected";
  return SAID.flatMap(([what, read]) => {
    const [from, to] = [read(was), read(is)];
    return from === to || (what === "interval" && !beats) ? [] : [{ what, from, to }];
  });
}
