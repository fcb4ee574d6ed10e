import type { GroupDeclaration, OptionDeclaration, VerbDeclaration } from "./declaration.ts";
import { agentReset } from "./declarations/agent-reset.ts";
import { agentRestart } from "./declarations/agent-restart.ts";
import { agentStart } from "./declarations/agent-start.ts";
import { agentStop } from "./declarations/agent-stop.ts";
import { archive } from "./declarations/archive.ts";
import { attach } from "./declarations/attach.ts";
import { beat } from "./declarations/beat.ts";
import { completion } from "./declarations/completion.ts";
import { diff } from "./declarations/diff.ts";
import { doctor } from "./declarations/doctor.ts";
import { down } from "./declarations/down.ts";
import { events } from "./declarations/events.ts";
import { exportVerb } from "./declarations/export.ts";
import { history } from "./declarations/history.ts";
import { hooksCheck, hooksInstall, hooksRemove } from "./declarations/hooks.ts";
import { importVerb } from "./declarations/import.ts";
import { incidents } from "./declarations/incidents.ts";
import { init } from "./declarations/init.ts";
import { messages } from "./declarations/messages.ts";
import { metrics } from "./declarations/metrics.ts";
import { mirror, mirrorStatus } from "./declarations/mirror.ts";
import { ps } from "./declarations/ps.ts";
import { rebuild } from "./declarations/rebuild.ts";
import { record } from "./declarations/record.ts";
import { rulesAdopt, rulesCheck } from "./declarations/rules.ts";
import { send } from "./declarations/send.ts";
import { sql } from "./declarations/sql.ts";
import { tail } from "./declarations/tail.ts";
import { up } from "./declarations/up.ts";
import { uptime } from "./declarations/uptime.ts";
import { verify } from "./declarations/verify.ts";
import { watch } from "./declarations/watch.ts";
import { when } from "./declarations/when.ts";
import { why } from "./declarations/why.ts";

/** Every verb there is, in the order in which help lists it. */
export const verbs: readonly VerbDeclaration[] = [
  ps,
  why,
  events,
  sql,
  history,
  when,
  uptime,
  diff,
  incidents,
  watch,
  tail,
  messages,
  send,
  agentStart,
  agentStop,
  agentRestart,
  agentReset,
  init,
  up,
  down,
  attach,
  record,
  beat,
  hooksInstall,
  hooksCheck,
  hooksRemove,
  doctor,
  completion,
  verify,
  rebuild,
  rulesCheck,
  rulesAdopt,
  archive,
  exportVerb,
  importVerb,
  metrics,
  mirror,
  mirrorStatus,
];

/** Words under which several verbs stand (`fleet agent start`). A verb may be such a word as well (`fleet mirror status`). */
export const groups: readonly GroupDeclaration[] = [
  { name: "rules", summary: "by which rules the past is judged" },
  { name: "hooks", summary: "how runtimes tell what they do" },
  { name: "agent", summary: "act on one agent, or look at it" },
];

/** Options of the program itself. */
export const programOptions: readonly OptionDeclaration[] = [
  { name: "help", short: "h", description: "show help; `fleet VERB --help` for a verb" },
  { name: "version", short: "V", description: "print the version" },
];
