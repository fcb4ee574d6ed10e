import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { JournalEntry } from "./entry.ts";

type UnitLogged = PayloadOf<"journal.unit.logged">;
type UnitLogKind = UnitLogged["what"];

/** MESSAGE_IDs are systemd's promise (sd-messages.h); the sentences beside them change from version to version. */
const KIND_OF_MESSAGE: ReadonlyMap<string, UnitLogKind> = new Map([
  ["7d4958e842da4a758f6c1cdc7b36dcc5", "starting"],
  ["39f53479d3a045ac8e11786248231fbf", "started"],
  ["be02cf6855d2428ba40df7e9d022f03d", "start-failed"],
  ["de5b426a63be47a7b6ac3eaac82e2f6f", "stopping"],
  ["9d1aaa27d60140bd96365438aad20286", "stopped"],
  ["98e322203f7a4ed290d09fe03c09fe15", "process-exited"],
  ["d9b373ed55a64feb8242e02dbe79a49c", "failed"],
  ["5eb03494b6584870a536b337290809b3", "restart-scheduled"],
  ["641257651c1b4ec9a8624d7a40a9e1e7", "exec-failed"],
  ["7ad2d189f7e94e70a38c781354912448", "deactivated"],
  ["ae8f7b866b0347b9af31fe1c80b127c0", "resources"],
]);

/** "Failed at step EXEC": written by the child that was to become the agent, so it comes from the unit's own group. */
export const EXEC_FAILED_MESSAGE_ID = "641257651c1b4ec9a8624d7a40a9e1e7";
/** Where the user manager itself runs. No agent does. */
export const MANAGER_UNIT = "init.scope";
const DEBUG = 7;

/**
 * What an entry says of a unit, or null when it says nothing of any: lines that units print, lines about the manager
 * itself ("Reloading."), and the chatter of `systemctl --user log-level debug`.
 */
export function unitLogged(entry: JournalEntry): UnitLogged | null {
  if (entry.unit === null || !isOfManager(entry)) return null;
  const what = kindOf(entry);
  if (what === "other" && (entry.priority ?? 0) >= DEBUG) return null;
  return {
    unit: entry.unit,
    what,
    jobType: entry.jobType,
    jobResult: entry.jobResult,
    exitCode: entry.exitCode,
    exitStatus: entry.exitStatus,
    unitResult: entry.unitResult,
    restarts: entry.restarts,
    invocationId: entry.invocationId,
    bootId: entry.bootId,
    priority: entry.priority,
    message: entry.message,
  };
}

export function unitLoggedEvent(
  entry: JournalEntry,
  payload: UnitLogged,
  agent: string | null,
): NewEvent<"journal.unit.logged", UnitLogged> {
  return {
    type: "journal.unit.logged",
    agent,
    source: "journal",
    occurredAtUs: entry.occurredAtUs,
    precision: "us",
    payload,
  };
}

function isOfManager(entry: JournalEntry): boolean {
  if (entry.transport !== "journal") return false;
  return entry.senderUnit === MANAGER_UNIT || entry.messageId === EXEC_FAILED_MESSAGE_ID;
}

function kindOf(entry: JournalEntry): UnitLogKind {
  const kind = KIND_OF_MESSAGE.get(entry.messageId ?? "") ?? "other";
  // A unit whose condition does not hold is not started, yet it is told under the same id and with JOB_RESULT=done; only
  // the sentence differs ("was skipped because of an unmet condition check"; "resulted in X being skipped" before 251).
  if (kind === "started" && /\b(?:was|being) skipped\b/.test(entry.message ?? "")) return "other";
  return kind;
}
