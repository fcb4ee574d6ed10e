/** A value that is made when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The same for one value of each key. */
export function remembered<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined || made.has(key)) return known as T;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

/** The same for one value of each pair of keys. */
export function remembered2<T>(make: (a: string, b: string) => T): (a: string, b: string) => T {
  const inner = remembered((a) => remembered((b) => make(a, b)));
  return (a, b) => inner(a)(b);
}
