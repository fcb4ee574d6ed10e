import type { Stats } from "node:fs";

const { readFileSync, statSync } = process.getBuiltinModule("node:fs");
const { Script } = process.getBuiltinModule("node:vm");

/** What a built file is between: Node's own module wrapper, which `build.mjs` has put around it. */
type Wrapped = (
  exports: object,
  require: (name: string) => unknown,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

export interface Compiled {
  readonly exports: unknown;
  /** Where the compiled code belongs that was missing; null when it was there. Kept by `keepCompiled` once the program has run. */
  readonly missing: { readonly place: CachePlace; readonly script: Script } | null;
}

type Script = InstanceType<typeof Script>;

/**
 * Loads a built file with what V8 made of it at an earlier start: parsing and compiling `ps` again and again costs 5 ms of each
 * start, a sixth of the whole. Node's own compile cache saves a third of that, since it keeps only what was compiled while
 * loading. The cache lies beside the file; where it cannot be written everything works as without it. `use` tells ways of running
 * it apart that call different functions: each has a cache of its own. For what lies beside it the file gets the `require` of this one,
 * which is in the same directory: making another loads a part of Node that nothing else here needs. Node's own modules come without
 * it: a `require` of one passes through all of Node's loader, and a dozen of them took 0.2 ms of a start.
 */
export function loadCompiled(
  directory: string,
  name: string,
  use: string,
  require: NodeJS.Require,
): Compiled {
  const file = `${directory}/${name}`;
  const code = statSync(file);
  const place = cachePlace(directory, name, use, code);
  const cachedData = readCache(place.path, code);
  // The build writes nothing but ASCII, which is read as Latin-1 in half the time.
  const script = new Script(
    readFileSync(file, "latin1"),
    cachedData === undefined ? { filename: file } : { filename: file, cachedData },
  );
  const module = { exports: {} };
  const either = (name: string): unknown => process.getBuiltinModule(name) ?? require(name);
  (script.runInThisContext() as Wrapped)(module.exports, either, module, file, directory);
  const isMissing = cachedData === undefined || script.cachedDataRejected === true;
  return { exports: module.exports, missing: isMissing ? { place, script } : null };
}

export interface CachePlace {
  readonly directory: string;
  /** Of this file and use under this engine. */
  readonly prefix: string;
  readonly path: string;
}

/**
 * Other code, another V8, another machine or other flags have another name; V8 itself checks little more than lengths, versions and
 * flags, and whoever ran by another flag would refuse and replace what the next one needs.
 */
function cachePlace(
  above: string,
  name: string,
  use: string,
  { size, mtimeMs, ctimeMs, ino }: Stats,
): CachePlace {
  const directory = `${above}/cache`;
  const flags = process.execArgv.map(encodeURIComponent).join("");
  const prefix = `${name}.${use}.${process.versions.v8}-${process.arch}${flags}.`;
  return { directory, prefix, path: `${directory}/${prefix}${ino}-${size}-${mtimeMs}-${ctimeMs}` };
}

/** What is in the cache is run, so it counts only when it belongs to whoever owns the code beside it and only that owner can write it. */
function readCache(path: string, code: Stats): Buffer | undefined {
  try {
    const { uid, mode } = statSync(path);
    return uid === code.uid && (mode & 0o022) === 0 ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
