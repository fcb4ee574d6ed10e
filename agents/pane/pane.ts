import { parseRows, type Screen } from "../screens/screen.ts";
import type { TmuxServer } from "./tmux.ts";

/** A pane by what tmux never uses twice in the life of a server, and the process that was in it. */
export interface PaneId {
  readonly server: TmuxServer;
  /** `%5` */
  readonly pane: string;
  readonly pid: number;
}

/** What tmux says about a pane in one moment, with its screen. */
export interface PaneLook {
  readonly state: "pane";
  readonly pid: number;
  readonly dead: boolean;
  /** `copy-mode`, `view-mode`: keys go to the mode and not to the program. */
  readonly mode: string | null;
  readonly inputOff: boolean;
  readonly tty: string;
  readonly width: number;
  readonly height: number;
  /** Lines that have left the screen upwards and are kept. The alternate screen has none of its own. */
  readonly history: number;
  /** `@4`: the window that it is in. */
  readonly window: string;
  readonly screen: Screen;
  /** The screen as tmux gave it, colours included. */
  readonly capture: string;
}

export interface NoPane {
  readonly state: "missing" | "no-server" | "no-answer";
  readonly because: string;
}

/** Where an agent's pane is. */
export type Found = ({ readonly state: "found" } & PaneId) | NoPane;

const FACTS = [
  "pane_id",
  "pane_pid",
  "pane_dead",
  "pane_mode",
  "pane_input_off",
  "alternate_on",
  "cursor_x",
  "cursor_y",
  "cursor_flag",
  "pane_width",
  "pane_height",
  "history_size",
  "window_id",
  "pane_tty",
];
// Fields are told apart by a bar: none of them but the title, which is last, can hold one.
const FORMAT = `${FACTS.map((name) => `#{${name}}`).join("|")}|#{||:#{==:#{pane_title},#{host}},#{==:#{pane_title},#{host_short}}}|#{pane_title}`;

/**
 * The first pane of the session of this name, on the first of the servers that has it. The name must have been checked: tmux
 * takes a part of a name for the whole unless it is told `=`, and runs what it finds in `#(...)`.
 */
export async function findPane(servers: readonly TmuxServer[], name: string): Promise<Found> {
  let nothing: NoPane = { state: "no-server", because: "no tmux socket is known" };
  for (const [index, server] of servers.entries()) {
    const answer = await server.ask([
      ["list-panes", "-s", "-t", `=${name}:`, "-F", "#{pane_id} #{pane_pid}"],
    ]);
    if (answer.state !== "answered") {
      // What cannot be told of one server outweighs that another one does not have it.
      if (index === 0 || answer.state === "no-answer" || nothing.state === "no-server") nothing = answer;
      continue;
    }
    const panes = [...answer.stdout.matchAll(/^(%(\d+)) (\d+)$/gm)].sort(
      (a, b) => Number(a[2]) - Number(b[2]),
    );
    const [first] = panes;
    if (first !== undefined)
      return { state: "found", server, pane: first[1] as string, pid: Number(first[3]) };
  }
  return nothing;
}

/** Looks at a pane: what tmux knows and what it shows, in one answer. It changes nothing in the pane and is no client of it. */
export async function lookAtPane({
  server,
  pane,
}: Pick<PaneId, "server" | "pane">): Promise<PaneLook | NoPane> {
  const answer = await server.ask([
    ["display-message", "-p", "-t", pane, FORMAT],
    ["capture-pane", "-p", "-e", "-t", pane],
  ]);
  if (answer.state !== "answered") return answer;
  const end = answer.stdout.indexOf("\n");
  const fields = answer.stdout.slice(0, end).split("|");
  if (fields[0] !== pane) return { state: "missing", because: `pane ${pane} is gone` };
  const [
    ,
    pid,
    dead,
    mode,
    inputOff,
    alternate,
    x,
    y,
    visible,
    width,
    height,
    history,
    window,
    tty,
    untitled,
  ] = fields;
  const title = fields.slice(FACTS.length + 1).join("|");
  const capture = answer.stdout.slice(end + 1);
  return {
    state: "pane",
    pid: Number(pid),
    dead: dead === "1",
    mode: mode === "" || mode === undefined ? null : mode,
    inputOff: inputOff === "1",
    tty: tty ?? "",
    width: Number(width),
    height: Number(height),
    history: Number(history),
    window: window ?? "",
    capture,
    screen: {
      rows: parseRows(capture),
      cursor: { x: Number(x), y: Number(y), visible: visible === "1" },
      alternate: alternate === "1",
      title: untitled === "1" || title === "" ? null : title,
      dead: dead === "1",
    },
  };
}

/** Lines of a pane, history included: row 0 is the top of the screen, -1 the line that left it last. With colours, or joined where it wrapped. */
export async function captureLines(
  { server, pane }: Pick<PaneId, "server" | "pane">,
  from: number,
  to: number,
  how: "coloured" | "joined",
): Promise<{ readonly state: "lines"; readonly text: string } | NoPane> {
  const shape = how === "coloured" ? "-e" : "-J";
  const answer = await server.ask([
    ["capture-pane", "-p", shape, "-t", pane, "-S", String(from), "-E", String(to)],
  ]);
  return answer.state === "answered" ? { state: "lines", text: answer.stdout } : answer;
}

/** The text went to the pane; or the pane had changed in the meantime and nothing was done. */
export type Put = { readonly state: "put" } | { readonly state: "blocked" } | NoPane;

let buffers = 0;

/**
 * Puts text into a pane as if it were pasted, byte for byte. Whether the pane may be written to is decided by the server
 * in the same moment: pasting into a dead pane ends tmux 3.3a, and a paste goes past copy mode. The text goes in by stdin
 * and a buffer, so that nothing in it is a word or a format.
 */
export async function putIntoPane(
  { server, pane, pid }: PaneId,
  text: string,
  how: "bracketed" | "raw",
): Promise<Put> {
  const buffer = `fleet-${process.pid}-${++buffers}`;
  const mayNot = `#{||:#{pane_dead},#{||:#{pane_in_mode},#{||:#{pane_input_off},#{!=:#{pane_pid},${pid}}}}}`;
  const paste = `paste-buffer ${how === "bracketed" ? "-p " : ""}-r -d -b ${buffer} -t ${pane}`;
  const answer = await server.ask(
    [
      ["load-buffer", "-b", buffer, "-"],
      [
        "if-shell",
        "-F",
        "-t",
        pane,
        mayNot,
        `delete-buffer -b ${buffer} ; display-message -p blocked`,
        `${paste} ; display-message -p put`,
      ],
    ],
    { stdin: text },
  );
  if (answer.state === "missing") await server.ask([["delete-buffer", "-b", buffer]]);
  if (answer.state !== "answered") return answer;
  return { state: answer.stdout.trim() === "put" ? "put" : "blocked" };
}
