// Bundles the command into dist/: one CommonJS file that starts fast, and one more file for each module that
// is imported lazily. Why it is built so is written in scripts/README.md.
//
// This file is npm's `prepare`: `npm ci` runs it under whatever Node the machine has, so it must load on Node 18.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { builtinModules, createRequire } from "node:module";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(root, "dist");
const entry = join(root, "cli", "main.ts");
/** What is started by its path and imported by nobody. */
const threads = [join(root, "cli", "rebuild-thread.ts")];

/**
 * The last line of defence against an old Node: the launcher has checked already, but `node dist/fleet.cjs` is
 * possible too, and better-sqlite3 13 ends a Node 20 with a crash. Plain ES5, first in the file.
 */
const guard = `(function () {
  var v = process.versions.node.split("."), major = +v[0], minor = +v[1];
  if ((major === 22 && minor >= 22) || major === 24 || major >= 26) return;
  process.stderr.write("fleet: needs Node 22.22+, 24 or 26+; this is Node " + process.versions.node + ".\\n" +
    "fleet: run bin/fleet, which picks a fitting Node, or set FLEET_NODE=/path/to/node.\\n");
  process.exit(1);
})();`;

const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** Where the file built from `source` goes: cli/ is the root of dist/, everything else is a chunk. */
function outputFor(source) {
  if (source === entry) return join(outdir, "fleet.cjs");
  const path = relative(root, source).split(sep).join("/");
  if (path.startsWith("cli/"))
    return join(outdir, path.slice("cli/".length).replace(/\.[cm]?[jt]s$/, ".cjs"));
  const flat = path.replace(/^.*node_modules\//, "").replace(/\.[cm]?[jt]s$/, "");
  return join(outdir, "chunks", `${flat.replace(/[^A-Za-z0-9._-]+/g, "-")}.cjs`);
}

/** Every `await import("…")` becomes a `require` of its own file; the sources found so are added to `wanted`. */
function lazyFiles(outfile, wanted) {
  return {
    name: "lazy-files",
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.kind !== "dynamic-import" || builtins.has(args.path)) return undefined;
        const found = await build.resolve(args.path, {
          kind: "import-statement",
          importer: args.importer,
          resolveDir: args.resolveDir,
        });
        if (found.errors.length > 0 || found.external) return found;
        wanted.add(found.path);
        const target = relative(dirname(outfile), outputFor(found.path)).split(sep).join("/");
        return { path: target.startsWith(".") ? target : `./${target}`, external: true };
      });
    },
  };
}

/**
 * better-sqlite3 finds its prebuilt binary relative to its own file, which in a bundle is another place: the
 * one module that does so is told where it came from. Its choice (compiled on purpose, glibc, musl) reads
 * /proc/self/maps, 0.3 ms of each start, so what it chooses on this machine is tried first and it is asked only
 * when that does not load. Its path is not made by `path.join`: see cli/README.md, what a start must not do.
 */
function sqliteAddon(outfile) {
  return {
    name: "sqlite-addon",
    setup(build) {
      build.onLoad({ filter: /[\\/]better-sqlite3[\\/]lib[\\/]binding\.js$/ }, async (args) => {
        const text = await readFile(args.path, "utf8");
        if (!text.includes("__dirname"))
          throw new Error(`${args.path} no longer uses __dirname: see build.mjs`);
        const from = (path) => relative(dirname(outfile), path).split(sep).join("/");
        const home = text.replaceAll(
          "__dirname",
          `path.join(__dirname, ${JSON.stringify(from(dirname(args.path)))})`,
        );
        const compiled = join(dirname(dirname(args.path)), "build");
        const chosen = existsSync(compiled)
          ? null
          : createRequire(import.meta.url)(args.path).getPrebuildPath();
        if (!chosen) return { contents: home };
        const machine = JSON.stringify(`${process.platform}-${process.arch}`);
        return {
          contents: `${home}
const choose = exports.getBinding;
exports.getBinding = (given) => {
  if (given == null && !DEFAULT_ADDON && process.platform + "-" + process.arch === ${machine}) {
    const addon = { exports: {} };
    try {
      process.dlopen(addon, __dirname + ${JSON.stringify(`/${from(chosen)}`)});
      return (DEFAULT_ADDON = addon.exports);
    } catch {}
  }
  return choose(given);
};`,
        };
      });
    },
  };
}

/**
 * Of better-sqlite3 whoever only reads opens, prepares and closes. The rest of its methods, an eighth of the file, would be read and
 * unpacked at each start; whoever comes to call one there is told.
 */
const unusedMethods = {
  name: "unused-methods",
  setup(build) {
    const unused =
      /[\\/]better-sqlite3[\\/]lib[\\/]methods[\\/](aggregate|backup|explain|function|serialize|table|transaction)\.js$/;
    build.onLoad({ filter: unused }, ({ path }) => ({
      contents: `module.exports = () => { throw new Error(${JSON.stringify(
        `${basename(path, ".js")}() of better-sqlite3 is left out of this file: see unusedMethods in scripts/build.mjs`,
      )}); };`,
    }));
  },
};

/** What cli/code-cache.ts loads, by itself: these come with Node's module wrapper around them, so that their text is used as it is read. */
const cached = ["fast-ps.ts", "fast-events.ts", "fast-past.ts"].map((name) => join(root, "cli", name));

function wrapping(source) {
  if (source === entry) return { banner: { js: guard } };
  if (!cached.includes(source)) return {};
  return {
    banner: { js: "(function (exports, require, module, __filename, __dirname) {" },
    footer: { js: "})" },
  };
}

async function bundle(esbuild, source, wanted) {
  const outfile = outputFor(source);
  const isEntry = source === entry;
  const result = await esbuild.build({
    entryPoints: [source],
    outfile,
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    // The entry must at least parse on an old Node, or its guard could not speak.
    target: isEntry ? "node14" : "node22",
    supported: { "dynamic-import": false },
    // Names are kept: a stack trace in an operator's report must be readable.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    charset: "ascii",
    define: {
      "import.meta.url": "importMetaUrl",
      "import.meta.dirname": "__dirname",
      "import.meta.filename": "__filename",
    },
    ...wrapping(source),
    plugins: [
      lazyFiles(outfile, wanted),
      sqliteAddon(outfile),
      ...(cached.includes(source) ? [unusedMethods] : []),
    ],
    logLevel: "silent",
  });
  const [strange] = cached.includes(source) ? (/[^\n\r\t -~]/.exec(result.outputFiles[0].text) ?? []) : [];
  if (strange !== undefined)
    throw new Error(`${outfile} holds ${JSON.stringify(strange)}, and cli/code-cache.ts reads ASCII`);
  return result.outputFiles.map(({ path, text }) => ({
    path,
    text: text.includes("importMetaUrl")
      ? `const importMetaUrl=require("node:url").pathToFileURL(__filename).href;${text}`
      : text,
  }));
}

/** Replaces a file in one step: a command that starts during a build finds the old file or the new one. */
async function replace(path, text) {
  if (existsSync(path) && (await readFile(path, "utf8")) === text) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

async function removeStale(directory, kept) {
  for (const item of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, item.name);
    if (item.isDirectory()) {
      await removeStale(path, kept);
      if ((await readdir(path)).length === 0) await rmdir(path).catch(() => {});
    } else if (path.endsWith(".cjs") && !kept.has(path)) {
      await rm(path, { force: true });
    }
  }
}

/** Builds everything reachable from cli/main.ts, and every verb, into dist/. */
async function build() {
  const esbuild = await import("esbuild");
  const verbs = join(root, "cli", "verbs");
  const wanted = new Set([entry, ...threads.filter((source) => existsSync(source))]);
  if (existsSync(verbs)) {
    for (const name of await readdir(verbs)) {
      if (name.endsWith(".ts") && !name.endsWith(".d.ts")) wanted.add(join(verbs, name));
    }
  }
  const files = [];
  const done = new Set();
  for (let round = [...wanted]; round.length > 0; round = [...wanted].filter((source) => !done.has(source))) {
    for (const source of round) done.add(source);
    files.push(...(await Promise.all(round.map((source) => bundle(esbuild, source, wanted)))).flat());
  }
  const paths = new Set(files.map((file) => file.path));
  if (paths.size !== files.length) throw new Error(`two modules would be built to one file: ${[...done]}`);
  // The entry goes last: whoever finds it finds what it loads.
  files.sort((a, b) => Number(a.path.endsWith("fleet.cjs")) - Number(b.path.endsWith("fleet.cjs")));
  for (const { path, text } of files) await replace(path, text);
  await removeStale(outdir, paths);
  return files;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!existsSync(entry)) {
    console.log("build: nothing to do, there is no cli/main.ts");
  } else {
    try {
      const started = Date.now();
      const files = await build();
      const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
      console.log(
        `build: ${files.length} files, ${Math.round(bytes / 1024)} KB in dist/, ${Date.now() - started} ms`,
      );
    } catch (error) {
      if (error?.code === "ERR_MODULE_NOT_FOUND" && String(error.message).includes("esbuild")) {
        // `npm ci --omit=dev` has no bundler, and needs none where dist/ was shipped with the package.
        console.error("build: esbuild is not installed; run `npm ci` without --omit=dev");
        process.exitCode = existsSync(join(outdir, "fleet.cjs")) ? 0 : 1;
      } else if (Array.isArray(error?.errors)) {
        const { formatMessages } = await import("esbuild");
        const shown = await formatMessages(error.errors, {
          kind: "error",
          color: Boolean(process.stdout.isTTY),
        });
        console.error(shown.join("\n"));
        console.error(`build: failed with ${error.errors.length} error(s); dist/ is as it was`);
        process.exitCode = 1;
      } else {
        throw error;
      }
    }
  }
}
