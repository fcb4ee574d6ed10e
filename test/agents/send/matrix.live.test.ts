import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findPane } from "../../../agents/pane/pane.ts";
import { openTerminalProbe } from "../../../agents/pane/terminal.ts";
import { tmuxServer } from "../../../agents/pane/tmux.ts";
import { deliver } from "../../../agents/send/deliver.ts";
import { howItTakesMessages } from "../../../agents/send/runtimes.ts";
import { asTyped } from "../../../agents/send/text.ts";
import { refused, type Verdict } from "../../../agents/send/verdict.ts";
import { createTmuxHome, environment, type TmuxServer } from "../../collectors/tmux/tmux-server.ts";
import { heldBy, SCENARIOS, type Scenario, type Stage, textOf } from "./matrix.ts";

/** 5 in the ordinary run, 100 by `npm run soak`. */
const REPETITIONS = Number(process.env.SOAK_REPETITIONS ?? "5");
/** So many at the same time, each in its own pane: most scenarios wait for a time to be up, and some load is part of the proof. */
const AT_ONCE = 6;
/** Long where the verdict comes when it comes; short where a time must be up, and long enough for a slow machine to get there. */
const timeoutOf = ({ timeoutMs, verdict }: Scenario): number =>
  timeoutMs ?? (verdict === "accepted" || verdict === "refused" ? 15_000 : 4000);

const home = createTmuxHome();
afterAll(() => home.remove());

describe("send --verify is never wrong", () => {
  test.concurrent.each(SCENARIOS.map((scenario, index) => ({ ...scenario, index })))(
    "$name",
    { timeout: 120_000 * Math.max(1, REPETITIONS / 5) },
    async ({ index, ...scenario }) => {
      const server = home.socket(`s${index}`);
      server.run("new-session", "-d", "-s", "keeper", "sleep", "100000");
      const numbers = Array.from({ length: REPETITIONS }, (_, at) => at);
      await Promise.all(
        numbers.map((number) =>
          inTurn(() =>
            once(
              scenario.alone ? home.socket(`s${index}-${number}`) : server,
              scenario,
              `s${index}-${number}`,
            ),
          ),
        ),
      );
    },
  );
});

let running = 0;
const queue: (() => void)[] = [];

async function inTurn(work: () => Promise<void>): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
  running += 1;
  try {
    await work();
  } finally {
    running -= 1;
    queue.shift()?.();
  }
}

async function once(server: TmuxServer, scenario: Scenario, session: string): Promise<void> {
  const directory = join(home.root, session);
  mkdirSync(directory);
  const stage: Stage = { server, session, directory, log: join(directory, "held.jsonl") };
  await scenario.start(stage);
  const verdict = await send(server, session, scenario);
  expect(
    { verdict: verdict.verdict, kind: kindOf(verdict, scenario) },
    `${verdict.because}\n${screenOf(server, session)}`,
  ).toEqual({
    verdict: scenario.verdict,
    kind: scenario.kind,
  });
  const held = heldBy(stage);
  const message = textOf(scenario);
  if (scenario.held) expect(held.map((text) => text.trimStart())).toEqual([message]);
  else expect(held).toEqual([]);
  if (!scenario.alone && scenario.kind !== "missing") server.run("kill-session", "-t", `=${session}`);
}

async function send(server: TmuxServer, session: string, scenario: Scenario): Promise<Verdict> {
  const found = await findPane([tmuxServer(server.path, environment)], session);
  if (found.state !== "found") return refused("missing", found.because);
  const terminal = openTerminalProbe(environment);
  const start = performance.now();
  const nowMs = () => performance.now() - start;
  try {
    const runtime = ["claude", "codex"].find((name) => scenario.name.startsWith(name)) ?? null;
    const { text } = asTyped(textOf(scenario), howItTakesMessages(runtime), { command: false });
    const verdict = await deliver(
      {
        pane: found,
        terminal,
        acknowledged: () => ({ expected: false, received: false, queued: false, takenUp: false }),
        nowMs,
        wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      },
      {
        text,
        timeoutMs: timeoutOf(scenario),
        append: false,
        verify: true,
        on: { typed: () => {}, submitted: () => {} },
      },
    );
    return verdict as Verdict;
  } finally {
    terminal.close();
  }
}

/** For whoever has to find out why. */
function screenOf(server: TmuxServer, session: string): string {
  try {
    return server.run("capture-pane", "-p", "-t", `=${session}:`);
  } catch (error) {
    return String(error);
  }
}

/** What a scenario calls its kind of verdict; undefined where it names none. */
function kindOf(verdict: Verdict, { kind }: Scenario): string | undefined {
  if (kind === undefined) return undefined;
  if (verdict.verdict === "accepted") return verdict.queued ? "queued" : verdict.proof;
  if (verdict.verdict === "unverifiable") return verdict.which;
  return verdict.verdict === "refused" ? verdict.why : "draft";
}
