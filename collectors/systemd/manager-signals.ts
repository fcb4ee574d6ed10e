import type { BusMessage } from "./dbus-wire.ts";
import { unitOfObjectPath } from "./unit-name.ts";

/** What a signal of the manager asks us to look at. A signal is a hint; the state itself is always asked for. */
export type Hint =
  | { readonly look: "unit"; readonly unit: string }
  /** The manager read its units anew (daemon-reload, daemon-reexec, enable, disable, mask). */
  | { readonly look: "everything" }
  | { readonly look: "nothing" };

const FROM_MANAGER = "type='signal',sender='org.freedesktop.systemd1'";
const MANAGER_INTERFACE = "org.freedesktop.systemd1.Manager";
const UNIT_INTERFACE = "org.freedesktop.systemd1.Unit";

/**
 * The signals listened to. Not among them: UnitNew and UnitRemoved, because asking about a unit that is not loaded loads
 * and drops it, so that each look would call for the next one. A unit that is started has a job, and one that changes
 * says PropertiesChanged, so nothing is missed without them.
 */
export const MATCH_RULES: readonly string[] = [
  `${FROM_MANAGER},interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',arg0='${UNIT_INTERFACE}'`,
  `${FROM_MANAGER},interface='${MANAGER_INTERFACE}',member='JobRemoved'`,
  `${FROM_MANAGER},interface='${MANAGER_INTERFACE}',member='UnitFilesChanged'`,
  `${FROM_MANAGER},interface='${MANAGER_INTERFACE}',member='Reloading'`,
  // The manager came, went or re-executed itself while the bus lived on.
  "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.systemd1'",
];

/** What one signal asks for. Signals nobody matched (sent to us directly by another program) ask for nothing. */
export function hintOf(signal: BusMessage): Hint {
  switch (signal.member) {
    case "PropertiesChanged": {
      const unit = signal.path === null ? null : unitOfObjectPath(signal.path);
      return unit === null ? { look: "nothing" } : { look: "unit", unit };
    }
    case "JobRemoved": {
      // u: job id, o: job path, s: unit, s: result
      const unit = signal.body[2];
      return typeof unit === "string" ? { look: "unit", unit } : { look: "nothing" };
    }
    case "Reloading":
      // true when it begins; a look then would only wait for the end.
      return signal.body[0] === false ? { look: "everything" } : { look: "nothing" };
    case "UnitFilesChanged":
    case "NameOwnerChanged":
      return { look: "everything" };
    default:
      return { look: "nothing" };
  }
}
