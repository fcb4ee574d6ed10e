import type { Cause, CauseKind } from "../../query/cause.ts";
import type { Death } from "../../query/certificate.ts";
import { isGlimpse } from "../../query/history/glimpse.ts";
import type { Incident, IncidentsTold } from "../../query/incidents.ts";
import { exactUsOf } from "../../query/instant.ts";
import { TOLD_FINELY_US } from "../../query/told-within.ts";
import type { Paint } from "./colour.ts";
import { formatLength } from "./duration.ts";
import { formatMoment, formatNear, formatterFor } from "./moment.ts";
import { pad, visible, widthOf, wrap } from "./text.ts";

const CAUSES: Readonly<Record<CauseKind, string>> = {
  reboot: "the machine was rebooted",
  "user-manager": "the user manager went, and the tmux server with it",
  "tmux-server": "the tmux server went",
  unwatched: "it happened while nobody watched",
  "same-moment": "at the same moment",
};

type Away = NonNullable<NonNullable<Death["pane"]>["away"]>;

/** What takes agents with it. */
const TAKES: ReadonlySet<CauseKind> = new Set(["reboot", "user-manager", "tmux-server"]);

/** `fleet.incidents.v1` for people: newest last, the deaths of one cause under it. Lines without newlines. */
export function* formatIncidents(
  document: IncidentsTold,
  { width, paint }: { width: number | null; paint: Paint },
): Generator<string> {
  const { incidents, window } = document;
  const [fromUs, toUs] = [exactUsOf(window.from), exactUsOf(window.to)];
  const said = formatterFor(fromUs, toUs);
  const between = `between ${said(fromUs)} and ${said(toUs)}`;
  const cells = width ?? Number.POSITIVE_INFINITY;
  const isUpToNow = window.to === document.at;
  let [count, deaths] = [0, 0];
  for (const incident of incidents) {
    count += 1;
    deaths += incident.deaths.length;
    yield* incidentLines(incident, isUpToNow, cells, paint);
  }
  if (count === 0)
    return yield `Nothing failed ${between}, as far as anybody saw; \`fleet uptime\` says how much that is.`;
  const counted = `${deaths === 1 ? "1 failure" : `${deaths} failures`}${deaths === count ? "" : ` in ${count === 1 ? "1 incident" : `${count} incidents`}`}`;
  yield "";
  yield* wrap(`${counted} ${between}.`, cells);
}

function incidentLines(
  { at, cause, deaths }: Incident,
  isUpToNow: boolean,
  cells: number,
  paint: Paint,
): string[] {
  const [only] = deaths;
  // The window's beginning is nobody's: what had begun before it is told from its own.
  const beganAt = only?.began_before ? only.began_at : at;
  const when = formatMoment(exactUsOf(beganAt));
  if (deaths.length === 1 && only !== undefined) {
    const why = cause === null ? "" : `; ${causeWords(cause, beganAt)}`;
    return hanging(`${when}  `, certificate(only, isUpToNow, why), cells, paint);
  }
  const title =
    cause === null
      ? ""
      : `${causeWords(cause, beganAt)}${TAKES.has(cause.kind) ? ", and with it" : ":"} ${deaths.length} agents${only?.began_before ? "; it began before the window" : ""}`;
  const column = deaths.reduce((widest, { agent }) => Math.max(widest, widthOf(visible(agent))), 0);
  return [
    ...hanging(`${when}  `, title, cells, paint),
    ...deaths.flatMap((death) => hanging("    ", certificate(death, isUpToNow, "", column), cells, paint)),
  ];
}

function causeWords({ kind, detail, at }: Cause, near: string): string {
  const when = at === null ? "" : ` at ${formatNear(exactUsOf(at), exactUsOf(near))}`;
  const what = kind === "user-manager" && at !== null ? "the user manager was stopped" : CAUSES[kind];
  return `${what} (${visible(detail)}${when})`;
}

function hanging(head: string, text: string, cells: number, paint: Paint): string[] {
  const lines = wrap(text, Math.max(20, cells - head.length));
  return lines.map((line, index) => (index === 0 ? paint("quiet", head) : " ".repeat(head.length)) + line);
}

/** `coder0  failed: signal 9, for 3 min 2 s; pane %3 (process 4711); unit active; last beat 4 s before; …` */
function certificate(death: Death, isUpToNow: boolean, cause: string, column = 0): string {
  const beganUs = exactUsOf(death.began_at);
  const stages = death.course.map(({ status, reason }) =>
    reason === null ? status : `${status} (${visible(reason)})`,
  );
  const parts = [
    `${stages.join(", then ")}${lasting(death, beganUs, isUpToNow)}${cause}`,
    ...(death.began_before ? [withinWindow(death)] : []),
    ...(death.witnessed ? [] : [unseen(death)]),
    ...paneWords(death),
    ...(death.unit === null ? [] : [unitWords(death.unit)]),
    ...(death.out_of_memory === null ? [] : [`OUT OF MEMORY [#${death.out_of_memory.seq}]`]),
    ...beatWords(death, beganUs),
    ...(death.last_message === null
      ? []
      : [`last message ${before(death.last_message.at, beganUs, death)} [#${death.last_message.seq}]`]),
    attachedWords(death.attached),
  ];
  const why = death.course.flatMap((stage) => stage.why).map((seq) => `#${seq}`);
  return `${pad(visible(death.agent), column)}  ${parts.join("; ")}${why.length === 0 ? "" : ` [${[...new Set(why)].join(", ")}]`}`;
}

/** From its beginning to its end, or to when it was last seen unwell; what of that nobody saw is told beside it. */
function lasting(death: Death, beganUs: number, isUpToNow: boolean): string {
  const { until, last_seen_down, looks_only, witnessed, began_before, within_seconds } = death;
  // No look saw it down: it is known by what was there before and after.
  if (until !== null && !witnessed && !looks_only && isGlimpse(exactUsOf(until) - beganUs))
    return ", and back before anybody looked";
  const lengthUs = exactUsOf(until ?? last_seen_down) - beganUs;
  const whole = formatLength(lengthUs);
  const part = began_before ? "" : seenPart(death, lengthUs);
  const well = isUpToNow ? "not seen well since" : "not seen well until the window ends";
  const goesOn = until === null ? `${part === "" ? "" : ","} and ${well}` : "";
  // Nobody saw it begin.
  const isFine = within_seconds !== null && until !== null && lengthUs < TOLD_FINELY_US;
  const bound = !witnessed && part === "" ? "at least " : isFine ? "at most " : "";
  return `, for ${bound}${whole}${part}${goesOn}`;
}

function seenPart(death: Death, lengthUs: number): string {
  const seen = formatLength(death.seconds_down * 1e6);
  if (death.looks_only) return looksWords(death);
  return seen === formatLength(lengthUs) ? "" : `, of which ${seen} were seen`;
}

/** Of one that began before it; what was seen of it there is not asked about. */
function withinWindow(death: Death): string {
  const withinUs = exactUsOf(death.until ?? death.last_seen_down) - exactUsOf(death.at);
  return `it began before the window: ${formatLength(withinUs)} of it lie within${seenPart(death, withinUs)}`;
}

/** A hook's line, or a beat, tells of a moment at which nobody looked. */
function looksWords({ stretches, first_known_by }: Death): string {
  const looked = first_known_by === "moment" ? stretches - 1 : stretches;
  const looks = looked === 1 ? "one look" : `${looked} looks`;
  if (first_known_by !== "moment") return `, seen by ${looks} only`;
  return looked === 0 ? ", known of that moment only" : `, known of that moment and by ${looks} only`;
}

function unseen({ not_before, began_at, named }: Death): string {
  if (named) return "it was so when the roster named it";
  if (not_before === null) return "it was so when it was first looked at";
  return `somewhere between ${formatNear(exactUsOf(not_before), exactUsOf(began_at))} and then: nobody watched`;
}

function paneWords({ pane }: Death): string[] {
  if (pane === null) return [];
  const who = pane.id === null ? "its pane" : `pane ${visible(pane.id)} (process ${pane.pid})`;
  // Of one that no look and no hook ever told of there was no pane that could have gone.
  if (pane.id === null && pane.source === "tmux") return ["no pane of it was ever seen"];
  const at = pane.at === null ? "" : ` at ${formatMoment(exactUsOf(pane.at)).slice(11)}`;
  if (pane.away !== null && pane.signal === null && pane.exit_status === null) {
    return [`${who} did not end: ${awayWords(pane.away, at)}`];
  }
  const end =
    pane.signal !== null
      ? `ended by signal ${pane.signal}`
      : pane.exit_status !== null
        ? `ended with status ${pane.exit_status}`
        : pane.state === "missing"
          ? "was gone"
          : "ended, its exit status was lost";
  const source =
    pane.source === "tmux-hook" ? ", by the word of a tmux hook: nobody looked while it lived" : "";
  return [`${who} ${end}${at}${source}`];
}

/** Where nothing says when it was done only its finding has a moment. */
function awayWords({ how, to, found_at }: Away, at: string): string {
  const found = at === "" && found_at !== null;
  const when = found ? ` at ${formatMoment(exactUsOf(found_at)).slice(11)}` : at;
  const was = found ? "was found" : "was";
  return how === "renamed"
    ? `its session ${was} renamed to ${visible(to)}${when}`
    : `it ${was} moved to session ${visible(to)}${when}`;
}

/** A beat that nobody would have read may have come after the last one that somebody did. Of one that need not beat none is missed. */
function beatWords(death: Death, beganUs: number): string[] {
  const { last_beat, beat_of_another: other, beats_watched_until, beats_expected } = death;
  if (last_beat === null && !beats_expected) return [];
  const unread =
    beats_watched_until === null
      ? null
      : `nobody read its beats after ${formatNear(exactUsOf(beats_watched_until), beganUs)}`;
  if (last_beat !== null) {
    const seen = unread === null ? "" : " seen";
    const perhaps = last_beat.of_this_life ? "" : ", of this life or of one before it";
    return [
      `last beat${seen} ${before(last_beat.at, beganUs, death)}${perhaps}${unread === null ? "" : `: ${unread}`}`,
    ];
  }
  const which = other === null ? "it" : "this life";
  const none = unread === null ? `${which} never beat` : `no beat of ${which} was seen: ${unread}`;
  if (other === null) return [none];
  const whose = other.whose === "earlier-life" ? "a life before it" : "another session of its name";
  return [`${none} (the last under its name, ${before(other.at, beganUs, death)}, was of ${whose})`];
}

function unitWords({ active, result }: NonNullable<Death["unit"]>): string {
  const said = result === null || result === "success" ? "" : `, result ${visible(result)}`;
  return `unit ${visible(active)}${said}`;
}

function attachedWords(attached: Death["attached"]): string {
  if (attached === null) return "who was attached is not known";
  return attached.length === 0 ? "nobody was attached" : `attached: ${attached.map(clientWords).join(", ")}`;
}

function clientWords({ client, since, read_only }: NonNullable<Death["attached"]>[number]): string {
  const how = read_only ? ", read-only" : "";
  return `${client === null ? "somebody" : visible(client)} since ${formatMoment(exactUsOf(since)).slice(11)}${how}`;
}

/** Where the end may have come later than its source told, so may what was before it have been longer before. */
function before(iso: string, atUs: number, { within_seconds }: Pick<Death, "within_seconds">): string {
  const us = Math.max(0, atUs - exactUsOf(iso));
  if (within_seconds === null || us >= TOLD_FINELY_US) return `${formatLength(us)} before`;
  return `at most ${formatLength(us + within_seconds * 1e6)} before`;
}
