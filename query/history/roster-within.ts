import { rosteredOf } from "../listed.ts";
import type { RosterDocument } from "../planes/documents.ts";
import { changesBetween } from "../redeclared.ts";
import type { History } from "./history.ts";
import { overlaps } from "./intervals.ts";
import type { Declared, Redeclared, RosterEntry } from "./past.ts";
import { overlapOf, spansOf } from "./span.ts";
import type { Window } from "./sweep.ts";
import type { Timeline } from "./timeline.ts";
import { endOf, pieceAt, valueAt } from "./timeline.ts";

/** Who was on the roster at any time of a window. `pieces`: what the roster had said of an agent until a moment, in order of time. */
export function rosterWithin(
  history: History,
  window: Window,
  pieces: (family: "roster", name: string, fromUs: number, toUs: number) => readonly { value: unknown }[],
): RosterEntry[] {
  const entries = history.declared.flatMap((name) => {
    const roster = history.roster(name);
    const stays = overlapOf(spansOf(staysOf(roster)), [window]);
    const last = stays.at(-1);
    const document = last && roster.values[pieceAt(roster, last.toUs - 1)];
    if (!document) return [];
    // Whoever is off the roster when the window begins counts to what it had been, and comes back as that or as another one.
    const isOff = valueAt(roster, window.fromUs) === undefined;
    const before = isOff ? lastOf(pieces("roster", name, -Infinity, window.fromUs)) : undefined;
    const declared = declaredIn(roster, window, before);
    const redeclared = redeclaredIn(roster, window, before);
    return [{ name, declaration: document.declaration, stays, declared, redeclared, document }];
  });
  const order = rosteredOf(rosterDocuments(entries));
  const found = new Map(entries.map(({ document: _, ...entry }) => [entry.name, entry]));
  return order.flatMap((name) => found.get(name) ?? []);
}

function lastOf(pieces: readonly { value: unknown }[]): RosterDocument | undefined {
  return pieces.findLast(({ value }) => value !== undefined)?.value as RosterDocument | undefined;
}

function declaredIn(
  roster: Timeline<RosterDocument | undefined>,
  window: Window,
  before: RosterDocument | undefined,
): RosterEntry["declared"] {
  const found: Declared[] = [];
  if (before !== undefined) {
    const { class: ofClass, runtime } = before.declaration;
    found.push({ ...window, class: ofClass, runtime, seq: before.seq });
  }
  for (const { document, fromUs } of documentsIn(roster, window)) {
    const last = found.at(-1);
    const { class: ofClass, runtime } = document.declaration;
    if (last?.class === ofClass && last.runtime === runtime) continue;
    const begins = last === undefined ? window.fromUs : Math.max(fromUs, window.fromUs);
    if (last !== undefined) found[found.length - 1] = { ...last, toUs: begins };
    found.push({ fromUs: begins, toUs: window.toUs, class: ofClass, runtime, seq: document.seq });
  }
  return found;
}

/** One that comes back as another than it went is declared otherwise, too. */
function redeclaredIn(
  roster: Timeline<RosterDocument | undefined>,
  window: Window,
  before: RosterDocument | undefined,
): RosterEntry["redeclared"] {
  const found: Redeclared[] = [];
  let last = before;
  for (const { document, fromUs } of documentsIn(roster, window)) {
    const changes = last === undefined ? [] : changesBetween(last.declaration, document.declaration);
    if (changes.length > 0) found.push({ atUs: fromUs, seq: document.seq, changes });
    last = document;
  }
  return found;
}

function documentsIn(
  { fromUs, values }: Timeline<RosterDocument | undefined>,
  window: Window,
): { readonly document: RosterDocument; readonly fromUs: number }[] {
  return values.flatMap((document, piece) => {
    const span = { fromUs: fromUs[piece] as number, toUs: endOf({ fromUs, values }, piece) };
    return document !== undefined && overlaps(span, window) ? [{ document, fromUs: span.fromUs }] : [];
  });
}

function staysOf(roster: Timeline<RosterDocument | undefined>) {
  return roster.values.flatMap((document, piece) =>
    document === undefined ? [] : [{ fromUs: roster.fromUs[piece] as number, toUs: endOf(roster, piece) }],
  );
}

/** The order of `ps` is its own business: it is asked with these entries for a roster. */
function rosterDocuments(entries: readonly { name: string; document: RosterDocument }[]) {
  const roster = new Map(entries.map(({ name, document }) => [name, document]));
  return {
    get: () => undefined,
    list: (family: string) => (family === "roster" ? roster : []),
  };
}
