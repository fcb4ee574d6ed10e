import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { watch } from "chokidar";
import { isLinkDirectory } from "./enablement.ts";

export interface LinkWatch {
  /** Takes directories into the watch that were made since: chokidar does not follow a path whose parents are missing. */
  refresh(): void;
  close(): Promise<void>;
}

/**
 * Calls `onChange` when a link in a `*.wants/` or `*.requires/` directory came or went. It only hastens a look: the links
 * are read again with every tick, so an event that is lost costs seconds.
 */
export function watchLinks(directories: readonly string[], onChange: () => void): LinkWatch {
  const watched = new Set<string>();
  const watcher = watch([], {
    ignoreInitial: true,
    // Links point to unit files, and a template has many: the link is what counts, never what it leads to.
    followSymlinks: false,
    depth: 1,
    ignorePermissionErrors: true,
    ignored: (path) => !watched.has(path) && !isLinkPath(path),
  });
  watcher.on("all", (_event, path) => {
    if (isLinkPath(path)) onChange();
  });
  // Out of inotify watches: then only the tick tells, which is said nowhere because nothing gets lost.
  watcher.on("error", () => {});
  const refresh = (): void => {
    for (const directory of directories) {
      if (watched.has(directory) || !existsSync(directory)) continue;
      watched.add(directory);
      watcher.add(directory);
    }
  };
  refresh();
  return { refresh, close: () => watcher.close() };
}

function isLinkPath(path: string): boolean {
  return isLinkDirectory(basename(path)) || isLinkDirectory(basename(dirname(path)));
}
