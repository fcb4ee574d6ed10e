import { askTmux, type TmuxAccess } from "./ask.ts";
import {
  FLEET_HOOKS,
  installCommands,
  MARKS_COMMANDS,
  type Marks,
  parseMarks,
  removeCommands,
} from "./hooks.ts";

/** What changing or reading our marks on a server came to. */
export type MarksOutcome<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "gone" }
  | { readonly state: "unavailable"; readonly reason: string }
  /** The server said no: an older tmux without one of the hooks, say. */
  | { readonly state: "refused"; readonly reason: string };

/** Sets hooks and options; the value is how many hooks there are. */
export async function installMarks(
  access: TmuxAccess,
  socketPath: string,
  spoolPath: string,
  signal?: AbortSignal,
): Promise<MarksOutcome<number>> {
  const answer = await askTmux(access, socketPath, installCommands(spoolPath), signal);
  if (answer.state === "answered") return { state: "done", value: FLEET_HOOKS.length };
  return failed(answer);
}

/** What of ours a server holds now. */
export async function readMarks(
  access: TmuxAccess,
  socketPath: string,
  signal?: AbortSignal,
): Promise<MarksOutcome<Marks>> {
  const answer = await askTmux(access, socketPath, MARKS_COMMANDS, signal);
  return answer.state === "answered" ? { state: "done", value: parseMarks(answer.stdout) } : failed(answer);
}

/** Takes away the marks that were read; the value is how many hooks went. */
export async function removeMarks(
  access: TmuxAccess,
  socketPath: string,
  marks: Marks,
  signal?: AbortSignal,
): Promise<MarksOutcome<number>> {
  const commands = removeCommands(marks);
  if (commands.length === 0) return { state: "done", value: 0 };
  const answer = await askTmux(access, socketPath, commands, signal);
  return answer.state === "answered" ? { state: "done", value: marks.hooks.length } : failed(answer);
}

function failed(
  answer: Exclude<Awaited<ReturnType<typeof askTmux>>, { state: "answered" }>,
): MarksOutcome<never> {
  if (answer.state === "refused") return { state: "refused", reason: answer.complaint };
  return answer.state === "gone" ? { state: "gone" } : answer;
}
