import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { Script } from "node:vm";

const BEFORE = "(function (exports, require, module, __filename, __dirname) { ";
const AFTER = "\n})";

/**
 * Loads a built CommonJS file with what V8 made of it at an earlier start: parsing and compiling 100 KB of `ps` again and again
 * costs 5 ms of each start, a sixth of the whole. Node's own compile cache saves a third of that, since it keeps only what was
 * compiled while loading. The cache lies beside the file and is made at the end of the first run; where it cannot be written
 * everything works as without it. `use` tells ways of running it apart that call different functions: each has a cache of its own.
 */
export function loadCompiled(file: string, use: string): unknown {
  const code = statSync(file);
  const cache = cachePlace(file, use, code);
  const cachedData = readCache(cache.path, code);
  const source = BEFORE + readFileSync(file, "utf8") + AFTER;
  const script = new Script(source, {
    filename: file,
    columnOffset: -BEFORE.length,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (cachedData === undefined || script.cachedDataRejected) {
    process.once("exit", () => writeCache(cache, script));
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

interface CachePlace {
  readonly directory: string;
  /** Of this file and use under this engine. */
  readonly prefix: string;
  readonly path: string;
}

/** Other code, another V8 or another machine has another name; V8 itself checks little more than lengths and versions. */
function cachePlace(file: string, use: string, { size, mtimeMs, ctimeMs, ino }: Stats): CachePlace {
  const directory = join(dirname(file), "cache");
  const prefix = `${basename(file)}.${use}.${process.versions.v8}-${process.arch}.`;
  return { directory, prefix, path: join(directory, `${prefix}${ino}-${size}-${mtimeMs}-${ctimeMs}`) };
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

function writeCache({ directory, prefix, path }: CachePlace, script: Script): void {
  try {
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o755 });
    const temporary = join(directory, `.${process.pid}.tmp`);
    writeFileSync(temporary, script.createCachedData(), { mode: 0o644 });
    renameSync(temporary, path);
    for (const name of readdirSync(directory)) {
      if (name.startsWith(prefix) && name !== basename(path)) rmSync(join(directory, name));
    }
  } catch {
    // Another's checkout, a read-only or a full disk: the next start is as slow as this one.
  }
}
