import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Documents, FoldEvent } from "../../store/projection.ts";
import type { Intent, Purpose } from "./documents.ts";
import { documentOf } from "./documents.ts";

export const NO_PURPOSE: Purpose = { operator: null, systemd: null };

/**
 * Two sources tell of purpose: the journal (a stop job means that somebody wanted the unit down, a start job that somebody wanted it
 * up) and the operator's own verbs. Lines arrive late and in any order, so of each source the newest by its own clock stays.
 */
export function foldPurpose(documents: Documents, event: FoldEvent): void {
  const intent = intentOf(event);
  if (intent === null || event.agent === null) return;
  const known = documentOf(documents, "agent", event.agent);
  const before = known?.purpose ?? NO_PURPOSE;
  const purpose = withIntent(before, intent);
  if (purpose !== before) documents.set("agent", event.agent, { panes: {}, ...known, purpose });
}

/** What an event says of somebody's wish for its agent, or null. */
export function intentOf(event: FoldEvent): Intent | null {
  if (event.agent === null) return null;
  const seen = { atUs: event.occurredAtUs, seq: event.seq, recordedAtUs: event.recordedAtUs };
  if (event.type === "journal.unit.logged") {
    const line = event.payload as PayloadOf<"journal.unit.logged">;
    const kind = kindOfJob(line);
    return kind === null ? null : { kind, by: "systemd", bootId: line.bootId, ...seen };
  }
  const kind = kindOfVerb[event.type];
  return kind === undefined ? null : { kind, by: "operator", bootId: null, ...seen };
}

/** A restart stops and starts: it is no wish to be down. */
const kindOfVerb: Readonly<Record<string, Intent["kind"] | undefined>> = {
  "operator.start.requested": "start",
  "operator.restart.requested": "start",
  "operator.stop.requested": "stop",
};

function kindOfJob({ what, jobType }: PayloadOf<"journal.unit.logged">): Intent["kind"] | null {
  if ((what === "stopping" || what === "stopped") && jobType === "stop") return "stop";
  if ((what === "stopping" || what === "stopped") && jobType === "restart") return "start";
  if (what === "starting" || what === "started") return "start";
  return null;
}

/** The purpose after one more word of it; the same value where an older word says nothing new. */
export function withIntent(purpose: Purpose, intent: Intent): Purpose {
  const known = purpose[intent.by];
  return known === null || follows(intent, known) ? { ...purpose, [intent.by]: intent } : purpose;
}

/** At the same instant a start stands, so that any order of arrival leaves the same. */
function follows(intent: Intent, known: Intent): boolean {
  if (intent.atUs !== known.atUs) return intent.atUs > known.atUs;
  return intent.kind === "start" && known.kind === "stop";
}

/**
 * The stop that is in force for a life that began at `bornAtUs`, or null. It counts when it was asked for after that life began, when no
 * start was asked for since, and, where systemd made it, in this boot only: a shutdown stops every unit. The operator's own stop goes
 * first: the stop job of systemd is then its echo.
 */
export function stopInForce(
  purpose: Purpose,
  life: { readonly bornAtUs: number | null; readonly bootId: string | null },
): Intent | null {
  const { operator, systemd } = purpose;
  const counts = (intent: Intent | null, other: Intent | null): intent is Intent =>
    intent?.kind === "stop" &&
    !(other?.kind === "start" && other.atUs >= intent.atUs) &&
    !(life.bornAtUs !== null && intent.atUs < life.bornAtUs) &&
    isOfThisBoot(intent, life.bootId);
  if (counts(operator, systemd)) return operator;
  return counts(systemd, operator) ? systemd : null;
}

function isOfThisBoot({ by, bootId }: Intent, current: string | null): boolean {
  if (by === "operator" || bootId === null || !current) return true;
  return plain(bootId) === plain(current);
}

/** The journal writes boot ids without dashes, /proc with. */
function plain(bootId: string): string {
  return bootId.replaceAll("-", "");
}
