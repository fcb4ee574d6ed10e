import { exactUsOf } from "../../query/instant.ts";
import { ANY_KIND, type Kinds } from "../../query/kinds.ts";
import type { UptimeDocument, UptimeFigures } from "../../query/uptime.ts";
import type { Paint, Tone } from "./colour.ts";
import { partOfIt } from "./declared.ts";
import { formatLength } from "./duration.ts";
import { formatterFor } from "./moment.ts";
import { formatTable, type Squeeze, type TableCell, type TableColumn } from "./table.ts";
import { visible, wrap } from "./text.ts";

const COLUMNS: readonly TableColumn[] = [
  { id: "name", title: "NAME", most: 64 },
  { id: "available", title: "AVAILABLE", align: "right" },
  { id: "healthy", title: "HEALTHY", align: "right" },
  { id: "unhealthy", title: "UNHEALTHY", align: "right" },
  { id: "planned", title: "PLANNED", align: "right" },
  { id: "unobserved", title: "UNOBSERVED", align: "right" },
  { id: "outages", title: "OUTAGES", align: "right" },
];

const SQUEEZES: readonly Squeeze[] = [
  { column: "name", by: "truncate", to: 20 },
  { column: "planned", by: "shorten" },
  { column: "healthy", by: "shorten" },
  { column: "unobserved", by: "shorten" },
  { column: "unhealthy", by: "shorten" },
  { column: "name", by: "truncate", to: 12 },
  { column: "outages", by: "drop" },
  { column: "planned", by: "drop" },
  { column: "healthy", by: "drop" },
  { column: "unhealthy", by: "drop" },
  { column: "name", by: "truncate", to: 6 },
];

/** `fleet.uptime.v1` for people: agents, then classes, then all of them; below what each figure is over. Lines without newlines. */
export function formatUptime(
  document: UptimeDocument,
  look: { width: number | null; paint: Paint; kinds?: Kinds },
): string[] {
  const { agents, classes, total, window } = document;
  const [fromUs, toUs] = [exactUsOf(window.from), exactUsOf(window.to)];
  const said = formatterFor(fromUs, toUs);
  const between = `${said(fromUs)} to ${said(toUs)}`;
  if (agents.length === 0) return [`No agent that was asked for was on the roster from ${between}.`];
  const figures: (readonly [name: string, figures: UptimeFigures])[] = [
    ...agents.map((agent) => [visible(agent.name), agent] as const),
    ...(agents.length > 1
      ? classes.map((group) => [`class ${visible(group.class)} (${group.agents})`, group] as const)
      : []),
    ...(classes.length > 1
      ? [[`${visible(document.tenant_id)}@${visible(document.host)} (${total.agents})`, total] as const]
      : []),
  ];
  const rows = figures.map(([name, of]) => cellsOf(name, of));
  const remarks = [
    ...agents.flatMap((agent) => remarkOnPart(agent, look.kinds ?? ANY_KIND)),
    ...figures.flatMap(([name, of]) => detailsOf(name, of)),
    `From ${between}. AVAILABLE is healthy / (healthy + unhealthy): over observed time in which it should have run; it says nothing of the unobserved part.`,
  ];
  const cells = look.width ?? Number.POSITIVE_INFINITY;
  return [
    ...formatTable({ columns: COLUMNS, rows, squeezes: SQUEEZES }, look.width, look.paint),
    "",
    ...remarks.flatMap((text) => wrap(text, cells).map((line) => look.paint("quiet", line))),
  ];
}

/** Of one that was what is asked for in a part of the window only. */
function remarkOnPart(
  { name, declared, window_us }: UptimeDocument["agents"][number],
  kinds: Kinds,
): string[] {
  const stretches = declared.map((one) => ({ ...one, us: exactUsOf(one.to) - exactUsOf(one.from) }));
  const part = partOfIt(name, stretches, kinds);
  if (part === null) return [];
  const awayUs = stretches.reduce((left, { counted, us }) => (counted ? left - us : left), window_us);
  const away = awayUs > 0 ? `, and ${formatLength(awayUs)} off the roster, which were planned` : "";
  return [`${part}: only that time counts here${away}.`];
}

function cellsOf(name: string, figures: UptimeFigures): TableCell[] {
  const buckets = [figures.healthy_us, figures.unhealthy_us, figures.planned_us, figures.unobserved_us];
  const shares = formatShares(buckets);
  const [healthy, unhealthy, planned, unobserved] = buckets.map((us, index): TableCell => {
    const percent = shares[index] ?? "";
    const tone = toneOfBucket(index, us);
    return us === 0
      ? { said: ["-"], tone: "quiet" }
      : { said: [`${formatLength(us)}  ${percent}`, percent], tone };
  });
  return [
    { said: [name], tone: null },
    { said: [availabilityOf(figures)], tone: figures.unhealthy_us > 0 ? "bad" : null },
    ...([healthy, unhealthy, planned, unobserved] as TableCell[]),
    { said: [String(figures.outages)], tone: figures.outages > 0 ? "bad" : "quiet" },
  ];
}

function toneOfBucket(index: number, us: number): Tone | null {
  if (us === 0) return "quiet";
  return index === 1 ? "bad" : index === 3 ? "warn" : null;
}

/** Never rounded up to 100: that is said only of what was never found unwell. Nor down to 0. */
function availabilityOf(figures: UptimeFigures): string {
  const { availability } = figures;
  // Down at every look and for no time at all: of what was between the looks nobody can tell.
  if (availability === null || figures.looks_only) return "?";
  if (availability === 1) return "100 %";
  const floored = Math.floor(availability * 1e5);
  return floored === 0 && availability > 0 ? "<0.001 %" : `${(floored / 1e3).toFixed(3)} %`;
}

/**
 * Shares of a whole to a hundredth of a percent, which add up to 100: the largest remainders are rounded up. What is less than a hundredth
 * and not nothing says so, and so does what is all but less than that: neither 0 nor 100 is said of anything else.
 */
export function formatShares(parts: readonly number[]): string[] {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  if (whole === 0) return parts.map(() => "0 %");
  const exact = parts.map((part) => (part / whole) * 10_000);
  const shares = exact.map(Math.floor);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - (shares[index] ?? 0) }))
    .sort((a, b) => b.remainder - a.remainder);
  const left = 10_000 - shares.reduce((sum, share) => sum + share, 0);
  for (const { index } of byRemainder.slice(0, left)) shares[index] = (shares[index] ?? 0) + 1;
  return exact.map((value, index) => {
    if (value === 0) return "0 %";
    if (parts[index] === whole) return "100 %";
    if (value < 1) return "<0.01 %";
    return value > 9999 ? ">99.99 %" : `${((shares[index] ?? 0) / 100).toFixed(2)} %`;
  });
}

/** What a column would be too narrow for, of whoever was unwell or waited for somebody. */
function detailsOf(name: string, figures: UptimeFigures): string[] {
  const { outages, mtbf_us, mttr_us, longest_us, waiting_us } = figures;
  const looksOnly = figures.looks_only;
  const kinds = Object.entries(figures.unhealthy_by_kind_us).map(([kind, us]) =>
    looksOnly ? kind : `${kind} ${formatLength(us)}`,
  );
  const counted = `${outages} ${outages === 1 ? "outage" : "outages"} (${kinds.join(", ")})`;
  const said = [
    ...(outages === 0
      ? []
      : [looksOnly ? `${counted}, known of single moments only: for how long is not known` : counted]),
    ...(longest_us === null || looksOnly ? [] : [`longest ${formatLength(longest_us)}`]),
    ...(mtbf_us === null || looksOnly ? [] : [`mean time between them ${formatLength(mtbf_us)}`]),
    ...(mttr_us === null || looksOnly ? [] : [`to repair ${formatLength(mttr_us)}`]),
    ...(waiting_us === 0 ? [] : [`waited for a human for ${formatLength(waiting_us)}`]),
  ];
  // What nobody watched is in none of these lengths.
  const seen = outages > 0 && figures.unobserved_us > 0 && !looksOnly ? ", of what was seen" : "";
  return said.length === 0 ? [] : [`${name}: ${said.join(", ")}${seen}.`];
}
