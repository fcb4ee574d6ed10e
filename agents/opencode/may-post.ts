import type { ShownSession } from "../acks/shown-session.ts";
import { classify } from "../screens/classify.ts";
import type { Screen } from "../screens/screen.ts";
import type { SessionLook } from "./server.ts";

/** Whether a message may go through the server, or has to be typed, and why. */
export type MayPost = { readonly may: true } | { readonly may: false; readonly because: string };

/** The session that a person sees in this pane. `started`: its processes, and when each began. Pure. */
export function shownBy(
  shown: ShownSession | null,
  started: ReadonlyMap<number, number | null>,
): { readonly session: string } | { readonly because: string } {
  if (shown === null)
    return { because: "which session it shows is not known (`fleet hooks install opencode`)" };
  // Another process may have got the number of the one that wrote the note.
  if (started.get(shown.pid) !== shown.startTicks)
    return { because: "which session it shows was last told by another process" };
  return shown.session === null ? { because: "it shows no session yet" } : { session: shown.session };
}

/**
 * A message that is posted must be what it would be if it was typed: in the session that is shown, to the agent and the model that stand
 * below the input row. A person may have chosen others there, of which the server knows nothing before something is typed. Pure.
 */
export function mayPost(session: SessionLook, screen: Screen): MayPost {
  const no = (because: string): MayPost => ({ may: false, because });
  if (session.isChild) return no("the session that it shows is a part of another one");
  if (session.workspace !== null) return no("the session that it shows is in another workspace");
  const { state, input, because } = classify("opencode", screen);
  if (state !== "ready" && state !== "busy") return no(`its screen is not at its input row: ${because}`);
  const expected = labelOf(session);
  if (input === null || expected === null) return no("which agent and model it would ask is not known");
  const label = screen.rows[input.bottom - 1]?.text ?? "";
  return chosenBelow(label) === expected
    ? { may: true }
    : no(`its input row is set to ${chosenBelow(label) || "nothing"}, its session to ${expected}`);
}

/** What stands below the input row for these choices. */
function labelOf({ agent, model, modelName, providerName }: SessionLook): string | null {
  if (agent === null || model === null || modelName === null || providerName === null) return null;
  const name = agent.replace(/\b\w/g, (letter) => letter.toUpperCase());
  const variant = model.variant === null || model.variant === "default" ? "" : ` · ${model.variant}`;
  return `${name} · ${modelName} ${providerName}${variant}`;
}

/** The label of the box; other boxes may stand to the right of it. */
function chosenBelow(row: string): string {
  return (/┃ {2}(.*)$/u.exec(row)?.[1] ?? "").split(/ {3,}/)[0]?.trim() ?? "";
}
