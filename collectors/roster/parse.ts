import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { printable } from "../printable.ts";
import { type RosterFile, rosterSchema } from "./schema.ts";

/** Why a roster is refused, in words that lead to the place. `line` counts from 1; null = the file as a whole. */
export interface RosterProblem {
  readonly line: number | null;
  /** The value found there, as it is written; bounded. */
  readonly value: string | null;
  readonly expected: string;
}

export type ParsedRoster =
  | { readonly ok: true; readonly roster: RosterFile }
  | ({ readonly ok: false } & RosterProblem);

/** A roster of thousands of agents is far smaller; what is larger is not a roster. */
export const MAX_ROSTER_BYTES = 1024 * 1024;
/** Aliases repeat what an anchor names; a file that grows by them out of all measure is refused. */
const MAX_ALIASES = 50;
/** Enough to find the place; a roster's commands may hold what is nobody's business. */
const MAX_VALUE_CHARS = 80;

/** Reads the text of roster.yaml strictly: YAML 1.2, no duplicate keys, no unknown keys, no name twice. */
export function parseRoster(text: string): ParsedRoster {
  if (Buffer.byteLength(text) > MAX_ROSTER_BYTES)
    return refuse(null, null, `at most ${MAX_ROSTER_BYTES} bytes`);
  if (text.includes("\uFFFD") || text.includes("\0"))
    return refuse(lineOf(text, /[\uFFFD\0]/), null, "text in UTF-8");
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    // Its own search for duplicates compares every key with every other: a megabyte of keys kept it busy for 160 s.
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
  });
  const broken = document.errors[0] ?? document.warnings[0];
  if (broken) {
    const { line } = counter.linePos(broken.pos[0]);
    return refuse(line, text.split("\n")[line - 1]?.trim() || null, wordsOf(broken.message));
  }
  let value: unknown;
  try {
    const duplicate = duplicateKey(document);
    if (duplicate !== null) {
      const { line } = counter.linePos(duplicate.at);
      return refuse(line, duplicate.key, "YAML: a key that is not given already");
    }
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return refuse(null, null, wordsOf(error instanceof Error ? error.message : String(error)));
  }
  if (value === null || value === undefined) return refuse(1, null, "a roster: version: 1, and agents");
  const place = (path: readonly PropertyKey[], key?: string) => locate(document, counter, path, key);
  const checked = rosterSchema.safeParse(value, { reportInput: true });
  if (!checked.success) {
    const issue = deepest(checked.error.issues);
    const unknownKey = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const found = unknownKey ?? shown(issue.input);
    return refuse(place(issue.path, unknownKey), found, expectation(issue));
  }
  return checkTogether(checked.data, place);
}

/** The first key that a mapping holds twice, and where its second one is. */
function duplicateKey(document: Document): { readonly key: string; readonly at: number } | null {
  let found: { readonly key: string; readonly at: number } | null = null;
  visit(document, {
    Map(_, map) {
      const keys = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) {
          found = { key: String(key.value), at: key.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

function wordsOf(message: string): string {
  if (message.includes("call stack")) return "YAML: nesting no deeper than a roster needs";
  if (message.includes("multiple documents")) return "YAML: one document, without a second ---";
  return `YAML: ${message.split("\n")[0] ?? ""}`;
}

/** What no single field can say: names are unique, the holder's too, and no two agents share a unit. */
function checkTogether(
  roster: RosterFile,
  place: (path: readonly PropertyKey[]) => number | null,
): ParsedRoster {
  const names = new Map<string, number | null>();
  const units = new Map<string, string>();
  for (const [index, agent] of roster.agents.entries()) {
    const line = place(["agents", index, "name"]);
    if (names.has(agent.name)) {
      return refuse(line, agent.name, `a name that is not used already (line ${names.get(agent.name)})`);
    }
    names.set(agent.name, line);
    if (agent.name === holderOf(roster))
      return refuse(line, agent.name, "another name than the holder session's");
    const unit = agent.unit ?? `mosaic-agent@${agent.name}.service`;
    const owner = units.get(unit);
    if (owner !== undefined)
      return refuse(place(["agents", index, "unit"]) ?? line, unit, `a unit of its own (${owner} has it)`);
    units.set(unit, agent.name);
  }
  return { ok: true, roster };
}

/** The holder session keeps the tmux server alive; it is a row of its own. */
export function holderOf(roster: RosterFile): string {
  return roster.tmux?.holder_session ?? "_holder";
}

function refuse(line: number | null, value: string | null, expected: string): ParsedRoster {
  return {
    ok: false,
    line,
    value: value === null ? null : printable(value, MAX_VALUE_CHARS),
    expected: printable(expected, 500),
  };
}

type Issue = z.core.$ZodIssue;

/** A union fails with the issues of all its members; the first that lies deepest is the one to tell. */
function deepest(issues: readonly Issue[]): Issue {
  const first = issues[0] as Issue;
  return [...issues].sort((a, b) => b.path.length - a.path.length)[0] ?? first;
}

function expectation(issue: Issue): string {
  if (issue.code === "unrecognized_keys") {
    const parent = issue.path.filter((step) => typeof step === "string").at(-1);
    return `a key that is known ${parent === undefined ? "at the top" : `in ${String(parent)}`}`;
  }
  if (issue.code === "invalid_type") {
    const kind = KINDS[issue.expected] ?? `a ${issue.expected}`;
    const own = issue.message.startsWith("Invalid") ? kind : issue.message;
    return issue.input === undefined ? `${String(issue.path.at(-1) ?? "a value")} to be given (${own})` : own;
  }
  if (issue.code === "invalid_value")
    return issue.message.startsWith("Invalid") ? issue.values.map(String).join(" or ") : issue.message;
  return issue.message;
}

/** An operator's words for zod's. A bare number or `yes` where text is meant is the most common slip. */
const KINDS: Readonly<Record<string, string>> = {
  string: "text, in quotes where it looks like a number",
  array: "a list",
  object: "a mapping of keys to values",
  record: "a mapping of keys to values",
  boolean: "true or false (a boolean)",
};

/** The line of a value, or of the nearest thing around it that is in the file. */
function locate(
  document: Document,
  counter: LineCounter,
  path: readonly PropertyKey[],
  key?: string,
): number | null {
  for (let depth = path.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
      if (pair && isScalar(pair.key) && pair.key.range) return counter.linePos(pair.key.range[0]).line;
    }
    if (isNode(node) && node.range) return counter.linePos(node.range[0]).line;
  }
  return null;
}

function shown(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function lineOf(text: string, pattern: RegExp): number {
  return text.slice(0, text.search(pattern)).split("\n").length;
}
