import { RECORDER_UNIT } from "../../agents/fleet-spec.ts";
import type { BootOutlook } from "../../query/boot-promise.ts";
import type { AgentRow, BootReason } from "../../query/row.ts";
import type { RunWords } from "../acting/programs.ts";
import { placeOf } from "../render/ps-cells.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Whether the recorder would come back by itself. */
export async function checkRecorderUnit(run: RunWords): Promise<Finding> {
  const check = "recorder unit";
  const state = (await run(["systemctl", "--user", "is-enabled", RECORDER_UNIT], 5000)).stdout.trim();
  if (state === "enabled") return ok(check, `${RECORDER_UNIT} is started at boot`);
  if (state === "" || state === "not-found")
    return warn(check, `${RECORDER_UNIT} is not there: nothing records after a reboot`, "Run: fleet init");
  return warn(check, `${RECORDER_UNIT} is ${state}`, `Run: systemctl --user enable --now ${RECORDER_UNIT}`);
}

/** Whether the wall clock is kept right: beats and events of other hosts are judged by it. */
export async function checkClock(
  run: RunWords,
  lastRecordedUs: number | null,
  nowUs: number,
): Promise<Finding> {
  const check = "clock";
  if (lastRecordedUs !== null && lastRecordedUs > nowUs + 1e6) {
    const ahead = Math.round((lastRecordedUs - nowUs) / 1e6);
    return warn(
      check,
      `the log's last event is ${ahead} s in the future`,
      "The clock was set back: check its time source.",
    );
  }
  const synchronized = (
    await run(["timedatectl", "show", "-p", "NTPSynchronized", "--value"], 3000)
  ).stdout.trim();
  if (synchronized === "no")
    return warn(
      check,
      "it is not synchronized with any time source",
      "Run as an administrator: timedatectl set-ntp true",
    );
  return ok(check, synchronized === "yes" ? "synchronized" : "nothing is wrong with it that can be seen");
}

/** What mends each reason for which an agent would not come back. */
export function remedyFor(
  reason: BootReason,
  { unit, fileState }: Pick<BootOutlook, "unit" | "fileState">,
  userName: string,
): string {
  const remedies: Record<BootReason, string> = {
    "unit-disabled": `${unmasked(unit, fileState)}systemctl --user enable ${unit}`,
    "no-unit": "fleet init",
    "runtime-only": `systemctl --user enable ${unit}`,
    "linger-off": `loginctl enable-linger ${userName}`,
    "kill-mode": `systemctl --user edit ${unit}  (RemainAfterExit=yes, or KillMode=process)`,
    socket: "fleet agent restart (it runs on another tmux socket than the roster names)",
  };
  return remedies[reason];
}

/** What is masked cannot be enabled: systemd refuses it. */
function unmasked(unit: string, fileState: string | null): string {
  if (fileState === "masked-runtime") return `systemctl --user unmask --runtime ${unit} && `;
  return fileState === "masked" ? `systemctl --user unmask ${unit} && ` : "";
}

/** Whose name another live session has, on another socket: what is attached to and what a row is of may then be two. */
export function checkNames(agents: readonly AgentRow[]): Finding {
  const check = "session names";
  const twice = agents.filter(({ namesakes }) => namesakes.length > 0);
  if (twice.length === 0) return ok(check, "each agent's is that of one live session");
  const told = twice.map(
    ({ name, pane, namesakes }) => `${name} (${[pane, ...namesakes].map(placeOf).join("; ")})`,
  );
  return warn(
    check,
    `more than one live session has that of: ${told.join(", ")}`,
    "`fleet why NAME` says which its row is of; end or rename the other one.",
  );
}

/** One line on the next boot; `fleet doctor --boot` says more. */
export function checkBoot(outlook: readonly BootOutlook[]): Finding {
  const check = "reboot";
  const lost = outlook.filter(({ returns }) => returns === "no").map(({ name }) => name);
  const unsure = outlook.filter(({ returns }) => returns === "unknown").map(({ name }) => name);
  if (lost.length > 0)
    return warn(check, `would not come back: ${lost.join(", ")}`, "See: fleet doctor --boot");
  if (unsure.length > 0)
    return warn(check, `nobody can say of: ${unsure.join(", ")}`, "See: fleet doctor --boot");
  return ok(check, `all ${outlook.length} would come back`);
}
