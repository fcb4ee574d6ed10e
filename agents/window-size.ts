/** What a window's size was and how it was kept, before a person's terminal was joined to it. */
export interface Held {
  /** The window's own `window-size`; empty where it has none and follows the server's. */
  readonly option: string;
  readonly width: number;
  readonly height: number;
}

/** The window's option that remembers it in the server, for whoever comes next and for the server itself. */
export const WINDOW_SIZE_MARK = "@fleet_window_size";

/** A place of its own for each window among the hooks; those of the user stand at 0 and up, the recorder's at 8973. */
const FIRST_SLOT = 100_000;

const POLICIES = ["largest", "smallest", "manual", "latest"];

/** A window that keeps its size anyway has nothing to be given back. */
export function leavesAlone({ option }: Held, resize: boolean): boolean {
  return option === "manual" && !resize;
}

/** The mark as it was written; null where there is none. */
export function heldFrom(mark: string): Held | null {
  const match = /^([a-z]*) (\d+)x(\d+)$/.exec(mark);
  if (match === null) return null;
  const [, option = "", width, height] = match;
  return { option: POLICIES.includes(option) ? option : "", width: Number(width), height: Number(height) };
}

/** Remembers what is there, asks the server to give it back when the last client has gone, and fixes the size or lets it go. */
export function holdCommands(
  window: string,
  held: Held,
  { resize, isFirst }: { resize: boolean; isFirst: boolean },
): string[][] {
  const set = ["set-option", "-w", "-t", window];
  const { option, width, height } = held;
  const hook = `client-detached[${slotOf(window)}]`;
  const remember = [
    [...set, WINDOW_SIZE_MARK, `${option} ${width}x${height}`],
    ["set-hook", "-g", hook, giveBackCommands(window, held).map(asOneLine).join(" ; ")],
  ];
  // The terminal of another person may have the size of the window by its --resize: it keeps it.
  const size = resize
    ? [[...set, "window-size", "latest"]]
    : isFirst
      ? [[...set, "window-size", "manual"]]
      : [];
  return [...(isFirst ? remember : []), ...size];
}

/** Gives back what was there, unless a client is there still or it was done already. Harmless as often as it is asked for. */
export function giveBackCommands(window: string, { option, width, height }: Held): string[][] {
  const set = `set-option -w -t ${window}`;
  const unhook = `set-hook -gu client-detached[${slotOf(window)}]`;
  const giveBack = [
    // This fixes the size, so what kept it comes after.
    `resize-window -t ${window} -x ${width} -y ${height}`,
    option === "" ? `${set} -u window-size` : `${set} window-size ${option}`,
    `${set} -u ${WINDOW_SIZE_MARK}`,
    unhook,
  ].join(" ; ");
  const isThere = `#{==:#{window_id},${window}}`;
  const isDue = `#{&&:${isThere},#{&&:#{==:#{session_attached},0},#{!=:#{${WINDOW_SIZE_MARK}},}}}`;
  return [
    ["if-shell", "-F", "-t", window, isDue, giveBack],
    // A target that is gone is no error to it: a hook that fails would be shown to somebody.
    ["if-shell", "-F", "-t", window, isThere, "", unhook],
  ];
}

function slotOf(window: string): number {
  if (!/^@\d{1,9}$/.test(window)) throw new TypeError(`not the id of a window: ${window}`);
  return FIRST_SLOT + Number(window.slice(1));
}

/** Nothing in these words needs more than quotes: they are ids, numbers and names of ours. */
function asOneLine(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}
