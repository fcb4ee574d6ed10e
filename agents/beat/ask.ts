import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { checkAgentName } from "./beat.ts";
import { readOwnFile, replaceOwnFile } from "./own-file.ts";
import { ensureRunDirectory } from "./run-directory.ts";

export interface ProbeAnswer {
  readonly agent: string;
  readonly nonce: string;
  /** Milliseconds from the question to the reading of the answer; null = none came in time. */
  readonly afterMs: number | null;
  readonly pid: number | null;
  /** `source=` of the beat that answered. */
  readonly source: string | null;
}

export interface Asking {
  readonly agents: readonly string[];
  readonly directory: string;
  readonly uid: number;
  readonly waitMs: number;
  readonly monotonicMs?: () => number;
  readonly signal?: AbortSignal;
}

const LOOK_EVERY_MS = 10;
/** Two who ask the same agent write over each other's question; whoever has no answer yet asks again after this. */
const ASK_AGAIN_MS = 300;
const MAX_BYTES = 4096;

/** Asks agents by protocol v1 (`NAME.probe`) and waits until each has answered or the time is over. Cleans up what it wrote. */
export async function askAgents(asking: Asking): Promise<ProbeAnswer[]> {
  const { directory, uid, waitMs, monotonicMs = () => performance.now() } = asking;
  ensureRunDirectory(directory, uid);
  const begunMs = monotonicMs();
  const open = new Map(
    asking.agents.map((agent): [string, Question & { askedMs: number }] => {
      const nonce = randomBytes(12).toString("base64url");
      const question = join(directory, `${checkAgentName(agent)}.probe`);
      return [agent, { nonce, question, askedMs: Number.NEGATIVE_INFINITY }];
    }),
  );
  const answers = new Map<string, ProbeAnswer>();
  const look = (): void => {
    for (const [agent, one] of open) {
      const afterMs = monotonicMs() - begunMs;
      const beat = answerIn(readOwnFile(join(directory, `${agent}.hb`), uid, MAX_BYTES) ?? "", one.nonce);
      if (beat !== null) {
        answers.set(agent, { agent, nonce: one.nonce, afterMs: Math.round(afterMs), ...beat });
        open.delete(agent);
        remove(one, uid);
      } else if (afterMs - one.askedMs >= ASK_AGAIN_MS && !holds(one, uid)) {
        replaceOwnFile(one.question, `${one.nonce}\n`, uid);
        one.askedMs = afterMs;
      }
    }
  };
  try {
    for (look(); open.size > 0 && monotonicMs() - begunMs < waitMs && !asking.signal?.aborted; look())
      await pause(LOOK_EVERY_MS);
  } finally {
    for (const one of open.values()) remove(one, uid);
  }
  return asking.agents.map(
    (agent) =>
      answers.get(agent) ?? {
        agent,
        nonce: open.get(agent)?.nonce ?? "",
        afterMs: null,
        pid: null,
        source: null,
      },
  );
}

interface Question {
  readonly nonce: string;
  readonly question: string;
}

function holds({ question, nonce }: Question, uid: number): boolean {
  return readOwnFile(question, uid, MAX_BYTES)?.trim() === nonce;
}

/** Not somebody else's question that has taken its place. */
function remove(one: Question, uid: number): void {
  if (holds(one, uid)) rmSync(one.question, { force: true });
}

function answerIn(text: string, nonce: string): { pid: number | null; source: string } | null {
  const words = text.split(/\s+/);
  if (!words.includes(`probe=${nonce}`)) return null;
  const value = (key: string): string | undefined =>
    words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  const pid = value("pid") ?? "";
  return { pid: /^[1-9]\d{0,9}$/.test(pid) ? Number(pid) : null, source: value("source") ?? "runtime" };
}
