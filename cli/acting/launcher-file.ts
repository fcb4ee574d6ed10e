import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installationRoot } from "../installation.ts";

/** The script that units run, as it comes with this program; `fleet init` copies it. */
export function readInstalledLauncher(): string {
  return readFileSync(join(installationRoot(), "scripts", "agent-launcher.sh"), "utf8");
}
