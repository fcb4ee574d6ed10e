import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The directory that this program was installed in: the one that holds bin/fleet, above the file that runs, bundled or not. */
export function installationRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, "bin", "fleet"))) {
    const above = dirname(directory);
    if (above === directory) throw new Error(`no bin/fleet above ${import.meta.dirname}`);
    directory = above;
  }
  return directory;
}
