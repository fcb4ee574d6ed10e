/**
 * A map that forgets: at most twice `capacity` entries, the ones not asked for lately go first. Two plain maps, because
 * moving an entry at each use (LRU) would cost more than what is looked up here.
 */
export interface Remembered<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  clear(): void;
}

export function twoGenerations<K, V>(capacity: number): Remembered<K, V> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  const set = (key: K, value: V): void => {
    if (young.size >= capacity) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  };
  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const aged = old.get(key);
      if (aged !== undefined) set(key, aged);
      return aged;
    },
    set,
    clear() {
      young.clear();
      old.clear();
    },
  };
}
