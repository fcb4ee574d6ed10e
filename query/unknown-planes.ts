import type { AgentRow, Plane } from "./row.ts";
import type { Verdict } from "./verdict.ts";

const PLANES: readonly Plane[] = ["systemd", "pane", "heartbeat", "drift", "boot"];

/** The planes of a row that cannot be told: whose cell is unknown, or that its verdict asked for in vain. */
export function unknownPlanes(row: AgentRow, verdict: Verdict): Plane[] {
  const unknown: Plane[] = [];
  PLANES.forEach((plane) => {
    if (verdict.unknown.includes(plane) || isCellUnknown(row, plane)) unknown.push(plane);
  });
  return unknown;
}

function isCellUnknown({ systemd, pane, heartbeat, drift, boot }: AgentRow, plane: Plane): boolean {
  switch (plane) {
    case "systemd":
      return systemd.active === "unknown";
    case "pane":
      return pane.state === "unknown";
    case "heartbeat":
      if (!heartbeat.expected || heartbeat.health !== "unknown") return false;
      return !["no-file", "previous-incarnation", "namesake"].includes(heartbeat.reason ?? "");
    case "drift":
      return drift.expected !== null && pane.state === "alive" && drift.state === "unknown";
    case "boot":
      return boot.state === "unknown";
  }
}
