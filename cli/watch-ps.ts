import type { Observer } from "../query/coverage.ts";
import { psDocument } from "../query/ps.ts";
import type { PsDocument } from "../query/row.ts";
import { openReader, type Reader } from "../store/reader.ts";
import { nowUs } from "./clock.ts";
import { commits } from "./commits.ts";
import { has, type Invocation, namesIn } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { sayNobodyHere } from "./nobody-here.ts";
import { observe } from "./observe.ts";
import { liveRecorder, readPresent } from "./present.ts";
import { catchEnds } from "./reader-gone.ts";
import { formatPs } from "./render/ps-table.ts";
import { listenToKeys, openScreen } from "./screen.ts";
import { selectRows, unknownNames } from "./select-rows.ts";

/** Ages are judged anew each second; the collectors are never run for it while a recorder does. */
const REDRAW_MS = 1000;
/** Without a recorder somebody has to look: this often. */
const LOOK_AGAIN_US = 2_000_000;

/**
 * `fleet ps --watch`: redrawn when the log changes. On a terminal a live table; in a pipe one table, or with --json one
 * document on a line, for each change that is more than an age.
 */
export async function watchPs(invocation: Invocation): Promise<number> {
  const { environment } = invocation;
  const all = has(invocation, "all") || namesIn(invocation).length > 0;
  const asked = { collect: !has(invocation, "no-collect"), complain: invocation.output.complain };
  const opened = await observe(environment, asked);
  const collect = asked.collect && opened.brought === null;
  const { here } = opened;
  let { reader, observer } = opened;
  let lookedAtUs = nowUs();

  const documentNow = (): PsDocument => psDocument(readPresent(reader, { nowUs: nowUs(), observer, all }));
  const first = documentNow();
  const [unknown] = unknownNames(first, invocation);
  if (unknown !== undefined) {
    reader.close();
    return sayNobodyHere(invocation, unknown, first);
  }

  const show = createShow(invocation);
  const interrupt = catchEnds();
  const stopKeys = show.interactive
    ? listenToKeys((key) => {
        if (key === "q" || key === "\u001b") interrupt.end();
        else if (key === "\u0003") process.kill(process.pid, "SIGINT");
      })
    : null;
  const onResize = (): void => show.draw(selectRows(documentNow(), invocation), remarkOn(observer, collect));
  if (show.interactive) process.stdout.on("resize", onResize);
  const changes = commits({
    tick: here.places.tick,
    dataVersion: () => reader.dataVersion(),
    signal: interrupt.signal,
    everyMs: REDRAW_MS,
  });
  try {
    onResize();
    for await (const _ of changes) {
      ({ reader, observer } = await lookAgain({
        reader,
        observer,
        environment,
        collect,
        lookedAtUs,
        database: here.places.database,
      }));
      if (observer.state === "one-shot") lookedAtUs = observer.sinceUs;
      show.draw(selectRows(documentNow(), invocation), remarkOn(observer, collect));
    }
    return interrupt.exitCode() === 0 ? EXIT.done : interrupt.exitCode();
  } finally {
    process.stdout.off("resize", onResize);
    stopKeys?.();
    show.close();
    interrupt.release();
    reader.close();
  }
}

interface Watched {
  readonly reader: Reader;
  readonly observer: Observer;
}

/** Who watches now: a recorder may have begun or ended since; without one the next look is taken when it is due. */
async function lookAgain(
  state: Watched & {
    readonly environment: Invocation["environment"];
    readonly collect: boolean;
    readonly lookedAtUs: number;
    readonly database: string;
  },
): Promise<Watched> {
  const { reader, observer, environment, collect, lookedAtUs, database } = state;
  const now = nowUs();
  const recorder = liveRecorder(reader);
  if (recorder !== null) return { reader, observer: { state: "recording", sinceUs: recorder.sinceUs } };
  if (!collect) return { reader, observer: { state: "absent" } };
  if (observer.state === "one-shot" && now - lookedAtUs < LOOK_AGAIN_US && now >= lookedAtUs)
    return { reader, observer };
  const { lookOnce } = await import("./look-once.ts");
  const looked = await lookOnce(environment);
  reader.close();
  return { reader: openReader(database), observer: looked };
}

function remarkOn(observer: Observer, collect: boolean): string {
  const keys = "q ends.";
  if (observer.state === "recording" || !collect) return keys;
  return `No recorder: looking again every ${LOOK_AGAIN_US / 1e6} s. ${keys}`;
}

interface Show {
  readonly interactive: boolean;
  draw(document: PsDocument, remark: string): void;
  close(): void;
}

function createShow(invocation: Invocation): Show {
  const { output } = invocation;
  if (output.isTerminal && !has(invocation, "json")) {
    const screen = openScreen(output);
    let last: readonly string[] = [];
    return {
      interactive: true,
      draw(document, remark) {
        last = formatPs(document, { width: output.width(), paint: output.paint });
        screen.draw([...last, output.paint("quiet", remark)]);
      },
      close() {
        screen.close();
        // The last table stays on the terminal, where an operator looks for it.
        output.print(`${last.join("\n")}\n`);
      },
    };
  }
  let shown = "";
  return {
    interactive: false,
    draw(document) {
      const said = withoutAges(document);
      if (said === shown) return;
      shown = said;
      if (has(invocation, "json")) output.print(`${JSON.stringify(document)}\n`);
      else
        output.print(`${formatPs(document, { width: output.width(), paint: output.paint }).join("\n")}\n\n`);
    },
    close: () => {},
  };
}

/** What makes two documents different tables: everything but the time of asking and the ages that grow with it. */
function withoutAges(document: PsDocument): string {
  const passing = new Set(["at", "log_seq", "observed_at", "age_seconds", "seconds"]);
  return JSON.stringify(document, (key, value) => (passing.has(key) ? undefined : value));
}
