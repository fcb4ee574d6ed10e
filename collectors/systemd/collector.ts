import type { Collector, CollectorContext } from "../collector.ts";
import { defaultUnitDirectories } from "./enablement.ts";
import { createLooker } from "./look.ts";
import type { MachinePaths } from "./manager-facts.ts";
import { createSystemctl } from "./systemctl.ts";
import type { UnitOfInterest } from "./unit-name.ts";
import { type Pace, watchUnits } from "./watch.ts";

export interface SystemdCollectorOptions {
  /** Units that the roster names; every `mosaic-*` service that the manager has loaded is looked at besides. */
  readonly units: () => readonly UnitOfInterest[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `/run/user/<uid>`: there the user's bus and manager listen. */
  readonly runtimeDirectory: string;
  readonly uid: number;
  /** Name of the user, by which lingering is recorded; null where the uid has none. */
  readonly userName: string | null;
  /** Default `systemctl`. */
  readonly program?: string;
  /** Where enabling links are; default `defaultUnitDirectories`. */
  readonly unitDirectories?: readonly string[];
  readonly paths?: MachinePaths;
  readonly pace?: Partial<Pace>;
}

const PACE: Pace = {
  deadlineMs: 5_000,
  tickMs: 5_000,
  pollMs: 2_000,
  everythingMs: 300_000,
  everythingUnheardMs: 30_000,
  retryMs: 1_000,
  coalesceMs: 15,
  gapMs: 100,
};

/**
 * The state of the fleet's units: active, sub, result, enablement, and what holds for the whole manager (boot, linger).
 * Signals on the user's bus say when to look and `systemctl show` says what is. Without the bus the loaded units are listed
 * every two seconds; without the manager the source is unavailable, which is never read as "inactive".
 */
export function createSystemdCollector(options: SystemdCollectorOptions): Collector {
  const pace: Pace = { ...PACE, ...options.pace };
  const unitDirectories =
    options.unitDirectories ?? defaultUnitDirectories(options.environment, options.runtimeDirectory);

  const tools = (context: CollectorContext) => {
    const systemctl = createSystemctl({
      ...(options.program === undefined ? {} : { program: options.program }),
      environment: options.environment,
      runtimeDirectory: options.runtimeDirectory,
      deadlineMs: pace.deadlineMs,
      signal: context.signal,
    });
    const about = {
      units: options.units,
      unitDirectories,
      userName: options.userName,
      paths: options.paths ?? {},
    };
    return { systemctl, about, looker: createLooker({ ...about, systemctl, clock: context.clock }) };
  };

  return {
    source: "systemd",

    async sample(context) {
      const look = await tools(context).looker.everything();
      if (context.signal.aborted) return;
      if (look.ok) context.emit({ source: "systemd", snapshot: look.value });
      context.report("", look.ok ? { state: "observed" } : { state: "unavailable", reason: look.reason });
    },

    watch(context) {
      const { uid, runtimeDirectory, environment } = options;
      const bus = { uid, runtimeDirectory, address: environment.DBUS_SESSION_BUS_ADDRESS };
      return watchUnits({ ...tools(context), bus, pace, context });
    },
  };
}
