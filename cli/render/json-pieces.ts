/**
 * `JSON.stringify(value, null, 2)`, piece by piece: what is no array and can be told one after another is told so, and the next of it is asked for
 * when the last has been taken. The whole of a bad year would be longer than a string can be.
 */
export function* jsonPieces(value: unknown, indent = ""): Generator<string> {
  if (!hasSeries(value)) {
    yield JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`);
    return;
  }
  const inner = `${indent}  `;
  const [begin, end] = isSeries(value) || Array.isArray(value) ? "[]" : "{}";
  let isFirst = true;
  for (const [key, element] of membersOf(value)) {
    yield `${isFirst ? begin : ","}\n${inner}${key}`;
    yield* jsonPieces(element, inner);
    isFirst = false;
  }
  yield isFirst ? `${begin}${end}` : `\n${indent}${end}`;
}

function* membersOf(value: object): Generator<readonly [key: string, element: unknown]> {
  if (isSeries(value) || Array.isArray(value)) for (const element of value) yield ["", element];
  else
    for (const [key, element] of Object.entries(value))
      if (element !== undefined) yield [`${JSON.stringify(key)}: `, element];
}

function isSeries(value: object): value is Iterable<unknown> {
  return !Array.isArray(value) && Symbol.iterator in value;
}

function hasSeries(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return isSeries(value) || Object.values(value).some(hasSeries);
}
