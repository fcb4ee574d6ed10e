/** One variable of an agent's environment. */
export type Variable = readonly [name: string, value: string];

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * A file for systemd's `EnvironmentFile=`. It takes values in double quotes and undoes a backslash before these four; no shell reads it.
 */
export function environmentFileText(heading: readonly string[], variables: readonly Variable[]): string {
  const lines = variables.map(([name, value]) => {
    if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} is not the name of a variable`);
    if (/\p{Cc}/u.test(value)) throw new Error(`${name} holds a control character`);
    return `${name}="${value.replaceAll(/["\\$`]/g, "\\$&")}"`;
  });
  return `${[...heading.map((line) => `# ${line}`), ...lines].join("\n")}\n`;
}
