import { newestOf } from "../../query/history/rules.ts";
import { exactIsoOf } from "../../query/instant.ts";
import { FleetError } from "../../store/errors.ts";
import { askPast, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { openOwnLog } from "../own-log.ts";
import { formatMoment } from "../render/moment.ts";

/** `fleet rules adopt --since T`: the newest rules judge what was so from T on. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  if (!has(invocation, "since"))
    throw new FleetError("usage", "since when the newest rules are to judge has to be said", {
      hint: "Say --since TIME; `fleet rules check --since TIME` shows first what that would change.",
    });
  const { fromUs } = await askPast(invocation, (asked) => windowOf(invocation, asked));
  const { version } = newestOf();
  const { log, identity, clock } = openOwnLog(environment, { keepIdentity: true });
  try {
    log.append({
      source: "operator",
      events: [
        {
          ...{ type: "rules.adopted", agent: null, source: "operator", precision: "us" },
          occurredAtUs: clock.nowUs(),
          payload: { version, fromUs },
        },
      ],
    });
    log.settle();
  } finally {
    log.close();
  }
  if (has(invocation, "json")) {
    const { tenantId, host } = identity;
    const document = { schema: "fleet.rules-adopt.v1", tenant_id: tenantId, host, version };
    output.print(`${JSON.stringify({ ...document, since: exactIsoOf(fromUs) }, null, 2)}\n`);
  } else output.print(`Rules ${version} judge what was so from ${formatMoment(fromUs)} on.\n`);
  return EXIT.done;
}
