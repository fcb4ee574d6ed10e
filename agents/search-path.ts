/**
 * The PATH of an agent, as the launcher makes it (scripts/agent-launcher.sh; a test holds the two together): programs that the operator
 * named first, then npm's, then the user's own, then the manager's; only directories that exist, each once.
 */
export function searchPath(
  around: {
    readonly runtimeBin: string | null;
    readonly npmBin: string | null;
    readonly home: string;
    /** The PATH that the service manager gives to units. */
    readonly managerPath: string;
  },
  isDirectory: (path: string) => boolean,
): string[] {
  const { runtimeBin, npmBin, home, managerPath } = around;
  const own = [runtimeBin, npmBin, `${home}/.npm-global/bin`, `${home}/.local/bin`];
  const first = own.filter((path): path is string => path !== null && path !== "" && isDirectory(path));
  return [...new Set([...first, ...managerPath.split(":").filter((path) => path !== "")])];
}
