import { captureLines, findPane, lookAtPane, type PaneId } from "../../agents/pane/pane.ts";
import { type Lines, newLines, type Reading, startAt } from "../../agents/watch/new-lines.ts";
import { watchPane } from "../../agents/watch/watch-pane.ts";
import { FleetError } from "../../store/errors.ts";
import { agentNameOf, panesAround } from "../agent-panes.ts";
import { nowUs } from "../clock.ts";
import { countOf, has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { catchEnds } from "../reader-gone.ts";
import { isoMoment } from "../render/moment.ts";
import { visible } from "../render/text.ts";
import { userName } from "../user-name.ts";

const DEFAULT_LINES = 20;
/** So many lines back the place is searched when the history was cut. */
const REACH = 2000;
/** Of a program that redraws its screen, a line that was printed is not printed again while it is among the last so many. */
const REMEMBERED = 2000;

/** `fleet tail NAME`: the last lines of a pane, and those that come. Changes nothing, like `watch`. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const agent = agentNameOf(invocation);
  const around = panesAround(environment);
  const servers = around.servers(agent);
  const found = await findPane(servers, agent);
  if (found.state !== "found") {
    if (found.state !== "no-answer" && !around.known.includes(agent))
      return sayNoSuchAgent(output, agent, around.known);
    throw new FleetError("unavailable", `${agent} cannot be seen: ${found.because}`, {
      hint: "`fleet ps` says what runs.",
    });
  }
  const head = {
    schema: "fleet.tail.v1",
    tenant_id: around.names.tenantOverride ?? userName(around.here.account.uid),
    host: around.names.host,
    agent,
  };
  const print = (line: string): void => {
    if (has(invocation, "json"))
      output.print(`${JSON.stringify({ ...head, at: isoMoment(nowUs()), line })}\n`);
    else output.print(`${visible(line)}\n`);
  };
  const wanted = countOf(invocation, "lines") ?? DEFAULT_LINES;
  const first = await linesOf(found, Math.max(wanted, REACH));
  const written = withoutBlankEnd([...first.done, ...first.open]);
  for (const line of wanted === 0 ? [] : written.slice(-wanted)) print(line);
  if (!has(invocation, "follow")) return EXIT.done;
  return await follow(invocation, { servers, agent, print, first, printed: written });
}

interface PaneLines extends Lines {
  /** From the cursor's row on: not complete yet. */
  readonly open: readonly string[];
  readonly alternate: boolean;
}

/** The lines of a pane, at most so many of its history. */
async function linesOf(pane: Pick<PaneId, "server" | "pane">, reach: number): Promise<PaneLines> {
  const look = await lookAtPane(pane);
  if (look.state !== "pane") throw gone(look.because);
  const back = look.screen.alternate ? 0 : Math.min(look.history, reach);
  const { y } = look.screen.cursor;
  const [above, below] = await Promise.all([
    y + back === 0 ? { state: "lines" as const, text: "" } : captureLines(pane, -back, y - 1, "joined"),
    captureLines(pane, y, look.height - 1, "joined"),
  ]);
  if (above.state !== "lines" || below.state !== "lines") throw gone("its pane went");
  const { history } = look;
  return {
    history,
    first: history - back,
    done: split(above.text),
    open: split(below.text),
    alternate: look.screen.alternate,
  };
}

async function follow(
  invocation: Invocation,
  {
    servers,
    agent,
    print,
    first,
    printed,
  }: {
    servers: Parameters<typeof watchPane>[0]["servers"];
    agent: string;
    print: (line: string) => void;
    first: PaneLines;
    printed: readonly string[];
  },
): Promise<number> {
  const { output } = invocation;
  const interrupt = catchEnds();
  let reading: Reading = startAt(first);
  // The row of the cursor was printed as it stood; when it is complete it is printed again only if it has grown.
  let half = withoutBlankEnd(first.open)[0] ?? "";
  const seen = new Set(printed.slice(-REMEMBERED));
  let wasSeen = true;
  const once = (line: string): void => {
    if (line.trim() === "" || seen.has(line)) return;
    seen.add(line);
    if (seen.size > REMEMBERED) seen.delete(seen.values().next().value as string);
    print(line);
  };
  try {
    await watchPane({
      servers,
      agent,
      signal: interrupt.signal,
      async onSight(sight) {
        if (!("look" in sight)) {
          if (wasSeen)
            output.complain(`fleet: ${agent} cannot be seen: ${visible(sight.because)}; waiting for it\n`);
          wasSeen = false;
          return;
        }
        const now = await linesOf(sight.pane, REACH);
        if (!wasSeen) {
          output.complain(`fleet: ${agent} is there again\n`);
          reading = { history: 0, told: [], upTo: 0 };
          wasSeen = true;
        }
        if (now.alternate) {
          for (const line of [...now.done, ...now.open]) once(line);
          return;
        }
        const next = newLines(reading, now);
        reading = next.reading;
        if (next.missed) output.complain("fleet: lines were missed\n");
        for (const [at, line] of next.lines.entries()) {
          if (at > 0 || half === "" || line !== half) print(line);
          half = "";
        }
        if (sight.look.dead) {
          output.complain(`fleet: the process of ${agent} has ended\n`);
        }
      },
    });
    return interrupt.exitCode();
  } finally {
    interrupt.release();
  }
}

function split(text: string): string[] {
  return text === ""
    ? []
    : text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => line.trimEnd());
}

function withoutBlankEnd(lines: readonly string[]): string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

function gone(because: string): FleetError {
  return new FleetError("unavailable", `the pane cannot be seen: ${because}`, {
    hint: "`fleet ps` says what runs.",
  });
}
