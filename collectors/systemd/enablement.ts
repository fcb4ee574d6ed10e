import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Where links that start a user's units at boot are made, `enable` and hand-made ones alike (systemd.unit(5)). Links of
 * packages below /usr are not `enabled` in systemd's sense.
 */
export function defaultUnitDirectories(
  environment: Readonly<Record<string, string | undefined>>,
  runtimeDirectory: string,
): string[] {
  const home = environment.HOME;
  const config = environment.XDG_CONFIG_HOME || (home === undefined ? null : join(home, ".config"));
  const directories = [join(runtimeDirectory, "systemd/user"), "/etc/systemd/user", "/run/systemd/user"];
  return config === null ? directories : [join(config, "systemd/user"), ...directories];
}

/** The directories whose links pull units in: `default.target.wants`, `foo.service.requires`. */
export function isLinkDirectory(name: string): boolean {
  return name.endsWith(".wants") || name.endsWith(".requires");
}

/**
 * The units that some link in `*.wants/` or `*.requires/` of these directories names, or null when one of them could not
 * be read (then nothing is concluded from it). A directory that is not there holds no links.
 */
export function readLinkedUnits(directories: readonly string[]): ReadonlySet<string> | null {
  const linked = new Set<string>();
  for (const directory of directories) {
    const names = namesIn(directory);
    if (names === null) return null;
    for (const name of names.filter(isLinkDirectory)) {
      const links = namesIn(join(directory, name));
      if (links === null) return null;
      for (const link of links) linked.add(link);
    }
  }
  return linked;
}

/**
 * Whether the state that a loaded unit states should be checked against the disk: the manager keeps it from when it read
 * the unit, so that a link made or removed by hand is not in it until a daemon-reload, and a reboot would follow the link.
 */
export function fileStateIsDoubtful(
  stated: string | null,
  unit: string,
  linked: ReadonlySet<string> | null,
): boolean {
  if (linked === null) return false;
  const says = stated === "enabled" || stated === "enabled-runtime";
  return (says || stated === "disabled") && says !== linked.has(unit);
}

function namesIn(directory: string): string[] | null {
  try {
    return readdirSync(directory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === "ENOENT" || code === "ENOTDIR" ? [] : null;
  }
}
