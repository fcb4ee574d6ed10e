import { newestOf } from "../../query/history/rules.ts";
import { exactIsoOf } from "../../query/instant.ts";
import { type Rejudged, rejudged } from "../../query/rejudged.ts";
import { askPast, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation, valuesOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNobody } from "../no-such-agent.ts";
import { formatDuration } from "../render/duration.ts";
import { formatMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";

/** `fleet rules check`: what the newest rules would say otherwise of the past. Exit 1 where they would. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const { version } = newestOf();
  const wanted = valuesOf(invocation, "agent");
  const found = await askPast(invocation, (asked) => {
    const { past } = asked;
    const nobody = unknownIn(asked, invocation);
    if (nobody !== null) return nobody;
    const window = windowOf(invocation, asked);
    const names = past.roster(window).map(({ name }) => name);
    const agents = names.filter((name) => wanted.length === 0 || wanted.includes(name));
    return {
      ...{ tenantId: past.tenantId, host: past.host, window },
      changes: agents.flatMap((agent) => [...rejudged(past, agent, window)]),
    };
  });
  if (!("changes" in found)) return sayNobody(output, found);
  const { tenantId, host, window, changes } = found;
  if (has(invocation, "json")) {
    const document = {
      ...{ schema: "fleet.rules-check.v1", tenant_id: tenantId, host, newest: version },
      ...{ since: exactIsoOf(window.fromUs), until: exactIsoOf(window.toUs), changes: changes.map(changeOf) },
    };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    const since = formatMoment(window.fromUs);
    const lines = changes.map(lineOf);
    const last =
      changes.length === 0
        ? `Rules ${version}, the newest, say the same of every moment since ${since}.`
        : `Rules ${version} would change these. \`fleet rules adopt --since TIME\` lets them judge the past too.`;
    output.print(`${[...lines, last].join("\n")}\n`);
  }
  return changes.length === 0 ? EXIT.done : EXIT.failed;
}

function lineOf({ agent, fromUs, toUs, said, wouldSay }: Rejudged): string {
  const words = ({ status, reason, rules }: Rejudged["said"]) =>
    `${status ?? "off the roster"}${reason === null ? "" : ` (${visible(reason)})`}, rules ${rules}`;
  const length = formatDuration((toUs - fromUs) / 1e6);
  return `${visible(agent)}  ${formatMoment(fromUs)}  for ${length}: ${words(said)} -> ${words(wouldSay)}`;
}

function changeOf({ agent, fromUs, toUs, said, wouldSay }: Rejudged) {
  return { name: agent, from: exactIsoOf(fromUs), to: exactIsoOf(toUs), said, would_say: wouldSay };
}
