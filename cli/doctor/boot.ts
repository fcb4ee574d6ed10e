import { readFileSync } from "node:fs";
import { parseUptime } from "../../collectors/proc/stat.ts";
import { type BootOutlook, lastPromise } from "../../query/boot-promise.ts";
import { documentOf, ONLY } from "../../query/planes/documents.ts";
import { keepBootPromise } from "../boot-promise.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { notOfThisHost, observe } from "../observe.ts";
import { openOwnLog } from "../own-log.ts";
import { readPresent } from "../present.ts";
import { formatMoment, isoMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";
import { userName } from "../user-name.ts";
import { remedyFor } from "./fleet.ts";

/** A fleet that was not up by then after a boot is not coming up. */
const PATIENCE_SECONDS = 120;

/** `fleet doctor --boot`: who would not come back if this host rebooted now, and how the last promise was kept. */
export async function runBoot(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const look = { collect: true, complain: output.complain };
  const { reader, observer, here, brought } = await observe(environment, look);
  if (brought !== null) {
    reader.close();
    throw notOfThisHost(brought);
  }
  const own = openOwnLog(environment, { keepIdentity: true });
  try {
    const input = readPresent(reader, { nowUs: nowUs(), observer, all: false });
    const outlook = keepBootPromise(own.log, input, () => uptimeSeconds() > PATIENCE_SECONDS);
    const documents = own.log.documents();
    const compared = documentOf(documents, "bootcompared", ONLY) ?? null;
    const user = userName(here.account.uid);
    if (has(invocation, "json")) {
      const document = {
        schema: "fleet.doctor.v1",
        tenant_id: input.tenantId,
        host: input.host,
        at: isoMoment(input.nowUs),
        boot: {
          agents: outlook.map(({ name, unit, fileState, runs, returns, reasons }) => ({
            ...{ name, unit, runs, returns, reasons },
            remedies: reasons.map((reason) => remedyFor(reason, { unit, fileState }, user)),
          })),
          promised_in_boot: lastPromise(documents)?.bootId ?? null,
          last_reboot:
            compared === null ? null : { compared_at: isoMoment(compared.atUs), ...compared.compared },
        },
      };
      output.print(`${JSON.stringify(document, null, 2)}\n`);
    } else {
      output.print(`${lines(outlook, user).join("\n")}\n`);
      if (compared !== null) {
        const { missing, unexpected, returned } = compared.compared;
        const words = [
          `${returned.length} came back as promised`,
          ...(missing.length > 0 ? [`missing: ${missing.map(visible).join(", ")}`] : []),
          ...(unexpected.length > 0 ? [`came back unpromised: ${unexpected.map(visible).join(", ")}`] : []),
        ];
        output.print(
          `\nAfter the last reboot (compared ${formatMoment(compared.atUs)}): ${words.join("; ")}.\n`,
        );
      }
    }
    return outlook.every(({ returns }) => returns === "yes") ? EXIT.done : EXIT.failed;
  } finally {
    own.log.close();
    reader.close();
  }
}

function lines(outlook: readonly BootOutlook[], user: string): string[] {
  if (outlook.length === 0) return ["No roster is in force: nothing is promised to come back."];
  const width = Math.max(...outlook.map(({ name }) => name.length));
  return [
    "If this host rebooted now:",
    ...outlook.flatMap(({ name, unit, fileState, runs, returns, reasons }) => {
      const mark = returns === "yes" ? " " : returns === "no" ? "!" : "?";
      const down = runs === false ? " (it is down now)" : "";
      const word = { yes: "would come back", no: "would not come back", unknown: "nobody can say" }[returns];
      const head = `${mark} ${visible(name).padEnd(width)}  ${word}${down}${reasons.length > 0 ? `: ${reasons.join(", ")}` : ""}`;
      return [head, ...reasons.map((reason) => `    -> ${remedyFor(reason, { unit, fileState }, user)}`)];
    }),
  ];
}

function uptimeSeconds(): number {
  return parseUptime(readFileSync("/proc/uptime", "latin1")) ?? 0;
}
