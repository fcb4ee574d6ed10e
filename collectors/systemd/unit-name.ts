/** A unit that somebody wants to know about, and the agent it belongs to. */
export interface UnitOfInterest {
  readonly unit: string;
  readonly agent: string | null;
}

const AGENT_INSTANCE = /^mosaic-agent@(.+)\.service$/;

/** Units of the fleet by their name alone: every `mosaic-*` service, whether a roster names it or not. */
export const FLEET_UNIT_PATTERN = "mosaic-*.service";

/** Whether a unit's name says that it belongs to the fleet (`FLEET_UNIT_PATTERN`). */
export function isFleetUnit(unit: string): boolean {
  return unit.startsWith("mosaic-") && unit.endsWith(".service") && unit.length > "mosaic-.service".length;
}

/**
 * The agent that a unit runs: the instance of `mosaic-agent@NAME.service`, else the agent whose roster entry names the
 * unit, else null.
 */
export function agentOfUnit(unit: string, named: readonly UnitOfInterest[]): string | null {
  const instance = AGENT_INSTANCE.exec(unit)?.[1];
  if (instance !== undefined) return unescapeInstance(instance);
  return named.find((entry) => entry.unit === unit)?.agent ?? null;
}

/**
 * An instance as its template's `%i` is meant: `a\x2db` is `a-b`. A bare `-` stays: systemd would read it as `/` in a
 * path (`%I`), but `systemctl start mosaic-agent@canary-pi` is about the agent `canary-pi`.
 */
export function unescapeInstance(instance: string): string {
  if (!instance.includes("\\x")) return instance;
  const bytes: Buffer[] = [];
  let from = 0;
  for (const match of instance.matchAll(/\\x([0-9a-fA-F]{2})/g)) {
    bytes.push(Buffer.from(instance.slice(from, match.index)), Buffer.from(match[1] ?? "", "hex"));
    from = match.index + match[0].length;
  }
  bytes.push(Buffer.from(instance.slice(from)));
  return Buffer.concat(bytes).toString("utf8");
}

const UNIT_PATH = "/org/freedesktop/systemd1/unit/";

/** The unit behind a D-Bus object path (`.../mosaic_2dagent_40coder0_2eservice`), or null when it is another object. */
export function unitOfObjectPath(path: string): string | null {
  if (!path.startsWith(UNIT_PATH)) return null;
  const label = path.slice(UNIT_PATH.length);
  if (label.includes("/")) return null;
  // `_` alone stands for the empty name; any other is followed by the byte it replaces.
  const bytes = label.replace(/_([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
