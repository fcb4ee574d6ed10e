import { readFileSync } from "node:fs";

/**
 * Tells cheaply whether a pane may have changed: whatever its processes write is counted by the kernel (`/proc/PID/io`), and to
 * read a few numbers costs a hundredth of what a look by tmux costs. What others write to the terminal, and what the kernel
 * echoes, is not counted; a look now and then finds it.
 */
export interface OutputSignal {
  /** Differs from its last value when any of the pane's processes has read or written, or another one runs. */
  read(): string;
}

/** The tree of processes is walked again so often; in between the known ones are asked. */
const WALK_EVERY = 6;
const MAX_PROCESSES = 64;

export function watchOutput(panePid: number, procRoot = "/proc"): OutputSignal {
  let pids: readonly number[] = [];
  let readings = 0;
  return {
    read() {
      if (readings % WALK_EVERY === 0) pids = treeOf(panePid, procRoot);
      readings += 1;
      return pids.map((pid) => `${pid}:${textOf(`${procRoot}/${pid}/io`)}`).join(" ");
    },
  };
}

function treeOf(root: number, procRoot: string): number[] {
  const found = [root];
  for (let at = 0; at < found.length && found.length < MAX_PROCESSES; at += 1) {
    const pid = found[at] as number;
    const children = textOf(`${procRoot}/${pid}/task/${pid}/children`).split(" ");
    found.push(...children.filter((word) => word !== "").map(Number));
  }
  return found;
}

/** The first two lines of `io` are what was read and written; a process that is gone has none. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1").split("\n", 2).join(",");
  } catch {
    return "";
  }
}
