/** One readable line for an event, whatever its type: the story as `fleet events` and `fleet why` tell it. */
export function summaryOf(event: { readonly type: string; readonly payload: unknown }): string {
  const payload = (event.payload ?? {}) as Record<string, unknown>;
  const tell = sentences[event.type];
  return tell ? tell(payload) : plain(payload);
}

type Payload = Record<string, unknown>;
const text = (value: unknown): string => (value === null || value === undefined ? "?" : String(value));
const socket = (payload: Payload): string => text(payload.socket).replace(/^.*\//, "");
const seconds = (us: unknown): string => (typeof us === "number" ? new Date(us / 1000).toISOString() : "?");
const scope = (payload: Payload): string =>
  payload.scope === "" || payload.scope === undefined
    ? text(payload.source)
    : `${text(payload.source)} ${text(payload.scope)}`;

/** The end of a process in words: a status, a signal, or neither where tmux lost it. */
function ending({ status, signal }: Payload): string {
  if (typeof signal === "number") return `signal ${signal}`;
  return typeof status === "number" ? `exit ${status}` : "its exit status was lost";
}

/** What the sources of a beat said where they did not agree. */
function doubt({ extra }: Payload): string {
  const said = (extra as Payload | undefined)?.doubt;
  return typeof said === "string" ? `; its sources do not agree: ${said.replaceAll(",", ", ")}` : "";
}

const declared = (payload: Payload): string =>
  `runtime ${text(payload.runtime)}, class ${text(payload.class)}, unit ${text(payload.unit)}, ${payload.heartbeat === "not-expected" ? "not expected to beat" : `beats every ${text(payload.intervalSeconds)} s`}`;

const asked = (payload: Payload): string => `${text(payload.user)} asked by \`${text(payload.verb)}\``;
const on = (payload: Payload): string => (payload.unit === null ? "" : ` (${text(payload.unit)})`);

const names = (value: unknown): string => {
  const list = Array.isArray(value) ? value.map(text) : [];
  return list.length === 0 ? "nobody" : list.join(", ");
};
const returning = ({ agents }: Payload): string => {
  const list = Array.isArray(agents) ? (agents as { name: string; returns: string }[]) : [];
  const not = list.filter(({ returns }) => returns !== "yes").map(({ name }) => name);
  return `${list.length - not.length} of ${list.length}${not.length === 0 ? "" : ` (not, or not surely: ${not.join(", ")})`}`;
};

const sentences: Readonly<Record<string, (payload: Payload) => string>> = {
  "tmux.server.appeared": (p) => `server ${text(p.server)} answers on ${socket(p)} (${text(p.version)})`,
  "tmux.server.vanished": (p) => `server ${text(p.server)} on ${socket(p)} is gone (${text(p.reason)})`,
  "tmux.session.created": (p) => `session ${text(p.session)} on ${socket(p)}`,
  "tmux.session.closed": (p) => `session ${text(p.session)} on ${socket(p)} closed`,
  "tmux.session.renamed": (p) => `session ${text(p.session)} renamed from ${text(p.from)} to ${text(p.to)}`,
  "tmux.pane.created": (p) => `pane ${text(p.pane)} with process ${text(p.pid)}`,
  "tmux.pane.respawned": (p) =>
    `pane ${text(p.pane)} has process ${text(p.pid)} instead of ${text(p.previousPid)}`,
  "tmux.pane.died": (p) => `process ${text(p.pid)} in pane ${text(p.pane)} ended: ${ending(p)}`,
  "tmux.pane.closed": (p) => `pane ${text(p.pane)} with process ${text(p.pid)} is gone`,
  "tmux.pane.moved": (p) => `pane ${text(p.pane)} moved to session ${text(p.session)}`,
  "tmux.pane.active": (p) => `output in pane ${text(p.pane)}`,
  "tmux.client.attached": (p) =>
    `${text(p.client)} attached to ${text(p.session)}${p.readOnly ? ", read-only" : ""}`,
  "tmux.client.detached": (p) => `${text(p.client)} detached from ${text(p.session)}`,
  "tmux.hook.fired": (p) =>
    `tmux said ${text(p.hook)}${p.pane ? ` ${text(p.pane)}` : ""}${p.status !== null || p.signal !== null ? `: ${ending(p)}` : ""}`,
  "tmux.hooks.installed": (p) => `${text(p.hooks)} hooks on ${socket(p)} (${text(p.reason)})`,
  "tmux.hooks.removed": (p) => `${text(p.hooks)} hooks removed from ${socket(p)}`,
  "tmux.server.nudged": (p) =>
    `server ${text(p.server)} had lost the end of process ${text(p.pid)} in pane ${text(p.pane)}`,
  "systemd.unit.changed": (p) =>
    p.load === "not-found"
      ? `${text(p.unit)} does not exist`
      : `${text(p.unit)} is ${text(p.active)} (${text(p.sub)}), ${text(p.fileState)}${p.result && p.result !== "success" ? `, result ${text(p.result)}` : ""}`,
  "systemd.unit.forgotten": (p) => `${text(p.unit)} is asked about no longer`,
  "systemd.manager.changed": (p) =>
    `boot ${text(p.bootId).slice(0, 8)} of ${seconds(p.bootedAtUs)}, linger ${text(p.linger)}`,
  "journal.unit.logged": (p) => text(p.message ?? `${text(p.unit)}: ${text(p.what)}`),
  "journal.gap.found": (p) =>
    `entries are missing (${text(p.reason)}) from ${seconds(p.fromUs)} to ${seconds(p.toUs)}`,
  "heartbeat.received": (p) =>
    `status ${text(p.status)} from process ${text(p.pid)}${p.evidence === "runtime" ? "" : ` (${text(p.evidence)})`}${doubt(p)}`,
  "heartbeat.probe.answered": (p) =>
    `answered a probe after ${text(p.afterMs)} ms${p.evidence === "runtime" ? "" : ` (${text(p.evidence)})`}`,
  "heartbeat.probe.unanswered": (p) => `did not answer a probe within ${text(p.waitedMs)} ms`,
  "heartbeat.writer.exited": (p) =>
    p.goneByUs === undefined
      ? `process ${text(p.pid)}, which beat, is gone`
      : `process ${text(p.pid)}, which beat, was gone when its beat was read: it ended between then and ${seconds(p.goneByUs)}`,
  "heartbeat.file.removed": () => "the heartbeat file is gone",
  "process.changed": (p) =>
    `${text(p.name)} runs in pane ${text(p.pane)}${p.interpreter ? ` (by ${text(p.interpreter)})` : ""}`,
  "roster.agent.declared": (p) => `on the roster: ${declared(p)}`,
  "roster.agent.changed": (p) => `changed on the roster: ${declared(p)}`,
  "roster.agent.removed": () => "no longer on the roster",
  "roster.file.accepted": (p) => `${text(p.path)} is in force: ${text(p.agents)} declarations`,
  "roster.file.rejected": (p) =>
    `${text(p.path)} refused${p.line === null ? "" : ` at line ${text(p.line)}`}: expected ${text(p.expected)}`,
  "roster.file.missing": (p) => `${text(p.path)} is not there`,
  "recorder.started": (p) =>
    p.silentSinceUs === undefined
      ? `recorder ${text(p.pid)} started (fleet ${text(p.version)})`
      : `recorder ${text(p.pid)} goes on: it had not ended, but was stopped or starved since ${seconds(p.silentSinceUs)}`,
  "recorder.stopped": (p) => `recorder ${text(p.pid)} stopped: ${text(p.reason)}`,
  "recorder.lapsed": (p) =>
    `${p.pid === null ? "the recorder" : `recorder ${text(p.pid)}`} fell silent without a word; last known alive ${seconds(p.lastAliveUs)}`,
  "recorder.source.started": (p) => `${scope(p)} is watched`,
  "recorder.source.stopped": (p) => `${scope(p)} is no longer watched`,
  "recorder.source.unavailable": (p) => `${scope(p)} cannot be read: ${text(p.reason)}`,
  "recorder.source.recovered": (p) => `${scope(p)} can be read again`,
  "recorder.sample.taken": (p) =>
    `one look without a recorder at ${Array.isArray(p.sources) ? p.sources.length : 0} sources`,
  "recorder.boot.promised": (p) => `after a reboot ${returning(p)} would come back`,
  "recorder.boot.compared": (p) =>
    `of the boot promise ${names(p.returned)} came back; missing: ${names(p.missing)}; unexpected: ${names(p.unexpected)}`,
  "recorder.clock.stepped": (p) => `the wall clock stepped by ${text(p.byMs)} ms`,
  "recorder.suspended": (p) => `the machine slept from ${seconds(p.fromUs)} to ${seconds(p.toUs)}`,
  "rules.adopted": (p) =>
    `rules of version ${text(p.version)} judge what was so from ${seconds(p.fromUs)} on`,
  "operator.start.requested": (p) => `${asked(p)}: to run${on(p)}`,
  "operator.stop.requested": (p) => `${asked(p)}: to be down${on(p)}`,
  "operator.restart.requested": (p) => `${asked(p)}: to begin anew${on(p)}`,
  "operator.reset.requested": (p) =>
    `${asked(p)}: to forget${p.task === null ? "" : `, for task ${text(p.task)}`}`,
  "operator.act.failed": (p) => `${asked(p)}, which failed: ${text(p.reason)}`,
  "operator.fleet.initialized": (p) =>
    `${asked(p)}: ${text(p.written)} files written, ${text(p.replaced)} of them over others, ${text(p.kept)} kept`,
  "operator.attached": (p) => `${text(p.user)} attached to pane ${text(p.pane)} from ${text(p.terminal)}`,
  "operator.detached": (p) =>
    `${text(p.user)} left pane ${text(p.pane)} after ${text(p.seconds)} s (${text(p.how)})`,
  "message.requested": (p) => `message ${text(p.message)} of ${text(p.bytes)} bytes, from ${text(p.user)}`,
  "message.typed": (p) => `message ${text(p.message)} typed into pane ${text(p.pane)}`,
  "message.posted": (p) =>
    `message ${text(p.message)} is being posted to ${text(p.runtime)} on port ${text(p.port)}, session ${text(p.session)}`,
  "message.submitted": (p) => `message ${text(p.message)} submitted`,
  "message.accepted": (p) =>
    `message ${text(p.message)} accepted${p.queued === true ? ", queued behind a running turn" : ""}: ${text(p.because)}`,
  "message.draft": (p) => `message ${text(p.message)} is a draft: ${text(p.because)}`,
  "message.unverifiable": (p) =>
    `message ${text(p.message)} unverifiable (${text(p.which)}): ${text(p.because)}`,
  "message.refused": (p) =>
    `message ${text(p.message)} refused (${text(p.why)})${p.typed === true ? ", after it was typed" : ""}: ${text(p.because)}`,
  "message.taken_up": (p) => `message ${text(p.message)} taken up`,
  "message.withdrawn": (p) => `message ${text(p.message)} withdrawn: ${text(p.because)}`,
  "message.answered": (p) => `message ${text(p.message)} answered: ${text(p.because)}`,
  "collector.input.rejected": (p) => `${text(p.where)}: ${text(p.reason)}`,
};

function plain(payload: Payload): string {
  const line = JSON.stringify(payload);
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}
