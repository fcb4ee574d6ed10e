/** Whether two JSON values are the same, whatever the order of their keys. `undefined` members do not count. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const name of names) {
    if (!sameValue((left as Record<string, unknown>)[name], (right as Record<string, unknown>)[name]))
      return false;
  }
  return true;
}
