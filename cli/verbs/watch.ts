import { checkAgentName } from "../../agents/beat/beat.ts";
import { captureLines, type PaneLook } from "../../agents/pane/pane.ts";
import { plainRow, styledRows } from "../../agents/watch/styled-rows.ts";
import { type Sight, watchPane } from "../../agents/watch/watch-pane.ts";
import { FleetError } from "../../store/errors.ts";
import { panesAround } from "../agent-panes.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { catchEnds } from "../reader-gone.ts";
import { isoMoment } from "../render/moment.ts";
import { layOut, type Picture } from "../render/watch-layout.ts";
import { listenToKeys } from "../screen.ts";
import { userName } from "../user-name.ts";
import { openCanvas } from "../watch-canvas.ts";
import { afterKey, START, type WatchState } from "../watch-keys.ts";

/** `fleet watch NAME...`: agents' screens as they are. Opens no log for writing and is no client of any tmux server. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const around = panesAround(environment);
  const given = invocation.arguments.map(checkAgentName);
  if ((given.length === 0) === !has(invocation, "all")) {
    const problem =
      given.length === 0 ? "whom to watch is not said" : "--all and names cannot be had together";
    throw new FleetError("usage", problem, { hint: "Give names, or --all." });
  }
  const agents = given.length > 0 ? given : await running(around);
  if (agents.length === 0) {
    throw new FleetError("unavailable", "no agent runs on the fleet's tmux servers", {
      hint: "`fleet ps` says what there is.",
    });
  }
  if (!has(invocation, "json") && !(output.isTerminal && process.stdin.isTTY)) {
    throw new FleetError("usage", "watch draws on a terminal, and this is none", {
      hint: "`fleet tail NAME -f` prints lines, `fleet watch NAME --json` whole screens.",
    });
  }
  const sights = new Map<string, Sight>();
  const interrupt = catchEnds();
  const view = has(invocation, "json")
    ? jsonView(invocation, around)
    : terminalView(invocation, agents, sights, interrupt.end);
  let unknown: string | null = null;
  const watching = agents.map((agent) =>
    watchPane({
      servers: around.servers(agent),
      agent,
      signal: interrupt.signal,
      async onSight(sight) {
        const isNobody = !sights.has(agent) && !("look" in sight) && sight.state !== "no-answer";
        if (isNobody && !around.known.includes(agent)) {
          unknown = agent;
          return interrupt.end();
        }
        sights.set(agent, sight);
        await view.show(agent, sight);
      },
    }),
  );
  try {
    await Promise.all(watching);
  } finally {
    interrupt.end();
    view.close();
    interrupt.release();
  }
  if (unknown !== null) return sayNoSuchAgent(output, unknown, around.known);
  return interrupt.exitCode() === 0 ? EXIT.done : interrupt.exitCode();
}

interface View {
  show(agent: string, sight: Sight): void | Promise<void>;
  close(): void;
}

type Around = ReturnType<typeof panesAround>;

/** All sessions whose names can be agents', the holder's too, in the order of their names. */
async function running(around: Around): Promise<string[]> {
  const names = new Set<string>();
  for (const server of around.servers()) {
    const answer = await server.ask([["list-sessions", "-F", "#{session_name}"]]);
    if (answer.state !== "answered") continue;
    for (const name of answer.stdout.split("\n"))
      if (/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(name)) names.add(name);
  }
  return [...names].sort();
}

function jsonView({ output }: Invocation, { here, names }: Around): View {
  return {
    show(agent, sight) {
      const head = {
        schema: "fleet.watch.v1",
        tenant_id: names.tenantOverride ?? userName(here.account.uid),
        host: names.host,
        agent,
        at: isoMoment(nowUs()),
      };
      if (!("look" in sight)) {
        output.print(`${JSON.stringify({ ...head, state: sight.state, because: sight.because })}\n`);
        return;
      }
      const { look, pane } = sight;
      const { cursor, alternate, title } = look.screen;
      const lines = styledRows(look.capture).map(plainRow);
      const { width, height, dead, mode } = look;
      const state = dead ? "dead" : "alive";
      output.print(
        `${JSON.stringify({ ...head, state, pane: pane.pane, pid: look.pid, width, height, cursor, alternate, title, mode, lines })}\n`,
      );
    },
    close: () => {},
  };
}

function terminalView(
  invocation: Invocation,
  agents: readonly string[],
  sights: ReadonlyMap<string, Sight>,
  end: () => void,
): View {
  const { output } = invocation;
  const canvas = openCanvas(output);
  let state: WatchState = START;
  let scrolled: { readonly agent: string; readonly text: string } | null = null;
  const draw = (): void => {
    const { columns, rows } = canvas.size();
    const pictures = agents.map((agent) =>
      pictureOf(agent, sights.get(agent), scrolled?.agent === agent ? scrolled.text : null),
    );
    const foot = footOf(state, agents, sights);
    canvas.draw(layOut(pictures, { columns, rows, ...state, foot }, output.paint));
  };
  const scroll = async (): Promise<void> => {
    const agent = agents[state.chosen] ?? "";
    const sight = sights.get(agent);
    if (state.back === 0 || sight === undefined || !("look" in sight)) scrolled = null;
    else {
      const lines = await captureLines(
        sight.pane,
        -state.back,
        sight.look.height - 1 - state.back,
        "coloured",
      );
      scrolled = lines.state === "lines" ? { agent, text: lines.text } : null;
    }
    draw();
  };
  const stopKeys = listenToKeys((key) => {
    const sight = sights.get(agents[state.chosen] ?? "");
    const look = sight !== undefined && "look" in sight ? sight.look : null;
    const { rows } = canvas.size();
    const next = afterKey(state, key, {
      agents: agents.length,
      history: look?.history ?? 0,
      page: rows - 3,
      width: look?.width ?? 0,
    });
    if (next === "end") return end();
    if (next === "interrupt") return void process.kill(process.pid, "SIGINT");
    state = next;
    void scroll();
  });
  process.stdout.on("resize", draw);
  draw();
  return {
    show: draw,
    close() {
      process.stdout.off("resize", draw);
      stopKeys?.();
      canvas.close();
    },
  };
}

function pictureOf(agent: string, sight: Sight | undefined, scrolled: string | null): Picture {
  const nothing = { agent, rows: [], width: 0, cursorRow: 0 };
  if (sight === undefined) return { ...nothing, note: "looking ...", trouble: false };
  if (!("look" in sight)) return { ...nothing, note: `not to be seen: ${sight.because}`, trouble: true };
  const { look } = sight;
  return {
    agent,
    rows: styledRows(scrolled ?? look.capture),
    width: look.width,
    cursorRow: scrolled === null ? look.screen.cursor.y : look.height - 1,
    note: noteOf(look),
    trouble: look.dead,
  };
}

function noteOf({ width, height, dead, mode, screen }: PaneLook): string {
  const parts = [`${width}x${height}`, dead ? "dead" : null, mode, screen.title];
  return parts.filter((part) => part !== null).join("  ");
}

function footOf(
  { chosen, back, left }: WatchState,
  agents: readonly string[],
  sights: ReadonlyMap<string, Sight>,
): string {
  const sight = sights.get(agents[chosen] ?? "");
  const history = sight !== undefined && "look" in sight ? sight.look.history : 0;
  const where = back === 0 ? "" : `${back} of ${history} lines back; G returns. `;
  const aside = left === 0 ? "" : `from column ${left}. `;
  const more = agents.length > 1 ? ", tab next, z alone" : "";
  return `${where}${aside}q ends, arrows and pages scroll${more}. Only looking: nothing is typed.`;
}
