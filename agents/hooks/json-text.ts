/**
 * Edits of JSON text that leave everything else as it stands: order, blanks, comments, trailing commas. A user's configuration
 * is theirs; what is added to it is added where it belongs and can be taken out again.
 */
export interface JsonNode {
  readonly start: number;
  readonly end: number;
  /** Of an object, in the order of the text. */
  readonly members?: readonly { readonly key: string; readonly keyStart: number; readonly value: JsonNode }[];
  /** Of an array. */
  readonly elements?: readonly JsonNode[];
  /** Of anything else. */
  readonly scalar?: unknown;
}

/** Reads JSON, comments and trailing commas included; throws where it is none, with the line. */
export function readJson(text: string): JsonNode {
  const scanner = { text, at: text.startsWith("\ufeff") ? 1 : 0 };
  skipBlanks(scanner);
  const node = readValue(scanner);
  skipBlanks(scanner);
  if (scanner.at < text.length) fail(scanner, "something follows the document");
  return node;
}

/** The plain value of a node. */
export function plainOf(node: JsonNode): unknown {
  if (node.members)
    return Object.fromEntries(node.members.map(({ key, value }) => [key, plainOf(value)] as const));
  return node.elements ? node.elements.map(plainOf) : node.scalar;
}

export function memberOf(node: JsonNode | undefined, key: string): JsonNode | undefined {
  return node?.members?.find((member) => member.key === key)?.value;
}

/** The text with `object[key] = value`: in place where the key is there, else as the last member. */
export function withMember(text: string, object: JsonNode, key: string, value: unknown): string {
  const there = memberOf(object, key);
  if (there) return splice(text, there.start, there.end, written(value, indentAt(text, there.start), text));
  const indent = `${indentAt(text, object.start)}${unitOf(text)}`;
  return insertLast(text, object, `${JSON.stringify(key)}: ${written(value, indent, text)}`);
}

/** The text with one more element at the end of an array. */
export function withElement(text: string, array: JsonNode, value: unknown): string {
  return insertLast(text, array, written(value, `${indentAt(text, array.start)}${unitOf(text)}`, text));
}

/** The text without the member or element at this place of its parent. */
export function without(text: string, parent: JsonNode, index: number): string {
  const parts = partsOf(parent);
  const part = parts[index];
  if (part === undefined) return text;
  const next = parts[index + 1];
  // Up to the next one, its blanks and the comma between them included; the last one with the comma before it.
  if (next) return splice(text, part.start, next.start, "");
  const before = parts[index - 1];
  if (before) {
    // A comment behind the one before stays with it.
    const between = text.slice(before.end, part.start);
    const kept = /\/[/*]/.test(between) ? between.replace(",", "").trimEnd() : "";
    return splice(text, before.end, part.end, kept);
  }
  const inner = text.slice(part.end, parent.end - 1);
  const comma = /^\s*,/.exec(inner)?.[0].length ?? 0;
  const hasComment = /\/[/*]/.test(text.slice(parent.start + 1, part.start) + inner);
  return hasComment
    ? splice(text, part.start, part.end + comma, "")
    : splice(text, parent.start + 1, parent.end - 1, "");
}

function partsOf(node: JsonNode): { start: number; end: number }[] {
  return node.members
    ? node.members.map(({ keyStart, value }) => ({ start: keyStart, end: value.end }))
    : (node.elements ?? []).map(({ start, end }) => ({ start, end }));
}

function insertLast(text: string, parent: JsonNode, added: string): string {
  const last = partsOf(parent).at(-1);
  const outer = indentAt(text, parent.start);
  const indent = `${outer}${unitOf(text)}`;
  if (last === undefined) {
    const inner = text.slice(parent.start + 1, parent.end - 1);
    // A comment within stays; whatever blanks there were are made anew.
    const kept = inner.trim() === "" ? "" : inner.trimEnd();
    return splice(text, parent.start + 1, parent.end - 1, `${kept}\n${indent}${added}\n${outer}`);
  }
  const isOneLine = !text.slice(parent.start, parent.end).includes("\n");
  return splice(text, last.end, last.end, isOneLine ? `, ${added}` : `,\n${indent}${added}`);
}

function written(value: unknown, indent: string, text: string): string {
  return JSON.stringify(value, null, unitOf(text)).replaceAll("\n", `\n${indent}`);
}

/** The blanks with which the line of this place begins. */
function indentAt(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

/** One step of indentation as this text has it; two blanks where it has none. */
function unitOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
}

function splice(text: string, from: number, to: number, added: string): string {
  return text.slice(0, from) + added + text.slice(to);
}

interface Scanner {
  readonly text: string;
  at: number;
}

function readValue(scanner: Scanner): JsonNode {
  const { text, at: start } = scanner;
  const first = text[start];
  if (first === "{") return readParts(scanner, "}");
  if (first === "[") return readParts(scanner, "]");
  if (first === '"') return { start, scalar: readString(scanner), end: scanner.at };
  const word = /[^\s,\]}/]*/y;
  word.lastIndex = start;
  const [token = ""] = word.exec(text) ?? [];
  try {
    const scalar: unknown = JSON.parse(token);
    scanner.at += token.length;
    return { start, end: scanner.at, scalar };
  } catch {
    return fail(
      scanner,
      token === "" ? "a value is missing" : `${JSON.stringify(token.slice(0, 40))} is no value`,
    );
  }
}

function readParts(scanner: Scanner, close: "}" | "]"): JsonNode {
  const start = scanner.at;
  const members: { key: string; keyStart: number; value: JsonNode }[] = [];
  const elements: JsonNode[] = [];
  scanner.at += 1;
  for (;;) {
    skipBlanks(scanner);
    if (scanner.text[scanner.at] === close) break;
    if (close === "]") elements.push(readValue(scanner));
    else members.push(readMember(scanner));
    skipBlanks(scanner);
    const found = scanner.text[scanner.at];
    if (found !== "," && found !== close) fail(scanner, `expected , or ${close}`);
    if (found === ",") scanner.at += 1;
  }
  scanner.at += 1;
  return close === "}" ? { start, end: scanner.at, members } : { start, end: scanner.at, elements };
}

function readMember(scanner: Scanner): { key: string; keyStart: number; value: JsonNode } {
  const keyStart = scanner.at;
  if (scanner.text[keyStart] !== '"') fail(scanner, "expected a key in quotes");
  const key = readString(scanner);
  skipBlanks(scanner);
  if (scanner.text[scanner.at] !== ":") fail(scanner, "expected :");
  scanner.at += 1;
  skipBlanks(scanner);
  return { key, keyStart, value: readValue(scanner) };
}

function readString(scanner: Scanner): string {
  const string = /"(?:[^"\\\n]|\\.)*"/y;
  string.lastIndex = scanner.at;
  const token = string.exec(scanner.text)?.[0];
  if (token === undefined) return fail(scanner, "a string does not end");
  scanner.at += token.length;
  return JSON.parse(token) as string;
}

function skipBlanks(scanner: Scanner): void {
  const blanks = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
  blanks.lastIndex = scanner.at;
  scanner.at += blanks.exec(scanner.text)?.[0].length ?? 0;
}

function fail({ text, at }: Scanner, problem: string): never {
  throw new SyntaxError(`line ${text.slice(0, at).split("\n").length}: ${problem}`);
}
