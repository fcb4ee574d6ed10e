import { spawn } from "node:child_process";

/** What the kernel says about a pane's terminal. */
export interface Terminal {
  /** Bytes that were typed and that no process has read. In canonical mode only complete lines count; it stops at 4095. */
  readonly queue: number;
  /** The kernel gathers lines itself (`cat`), rather than giving each byte to the program at once. */
  readonly canonical: boolean;
  /** The kernel shows what is typed. Programs with an input row of their own switch this off, and so do password prompts. */
  readonly echo: boolean;
}

/** Asks the kernel about terminals until it is closed. Null is no answer, and no evidence. */
export interface TerminalProbe {
  ask(tty: string): Promise<Terminal | null>;
  close(): void;
}

/**
 * FIONREAD and TCGETS for each path on a line. Node has no ioctl; perl is part of every Debian and Ubuntu. The terminal is opened
 * without waiting (O_NONBLOCK) and without becoming our own (O_NOCTTY), and closed at once: no byte is read.
 */
const PERL = `$| = 1;
while (<STDIN>) {
  chomp;
  my ($queue, $modes) = ("", "");
  if (sysopen(my $tty, $_, 0x900)) {
    my $count = "\\0" x 4;
    $queue = unpack("i", $count) if ioctl($tty, 0x541B, $count);
    my $termios = "\\0" x 60;
    $modes = (unpack("I4", $termios))[3] if ioctl($tty, 0x5401, $termios);
    close $tty;
  }
  print "$queue $modes\\n";
}`;
const ICANON = 2;
const ECHO = 8;
/** A machine that is busy makes even this wait. */
const PATIENCE_MS = 2000;
const MAX_STARTS = 8;

export function openTerminalProbe(environment: { readonly PATH: string }): TerminalProbe {
  let asker: Asker | null = startAsker(environment);
  let started = 1;
  return {
    async ask(tty) {
      if (!/^\/dev\/(?:pts\/\d+|tty\w+)$/.test(tty)) return null;
      // One that did not answer in time is not asked again: what it says later would be taken for the next answer.
      if (asker === null && started < MAX_STARTS) {
        asker = startAsker(environment);
        started += 1;
      }
      const line = (await asker?.ask(tty)) ?? null;
      if (line === null) {
        asker?.end();
        asker = null;
      }
      const [, queue, modes] = /^(\d+) (\d+)$/.exec(line ?? "") ?? [];
      if (queue === undefined || modes === undefined) return null;
      const flags = Number(modes);
      return { queue: Number(queue), canonical: (flags & ICANON) !== 0, echo: (flags & ECHO) !== 0 };
    },
    close: () => asker?.end(),
  };
}

interface Asker {
  /** Null: no answer, and none will come. */
  ask(tty: string): Promise<string | null>;
  end(): void;
}

function startAsker(environment: { readonly PATH: string }): Asker {
  const child = spawn("perl", ["-e", PERL], { env: { ...environment }, stdio: ["pipe", "pipe", "ignore"] });
  let heard = "";
  let ended = false;
  let waiting: ((line: string | null) => void) | null = null;
  const give = (line: string | null): void => {
    const tell = waiting;
    waiting = null;
    tell?.(line);
  };
  const end = (): void => {
    ended = true;
    child.kill("SIGKILL");
    give(null);
  };
  child.on("error", end);
  child.on("close", end);
  child.stdin.on("error", end);
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    heard += text;
    const at = heard.indexOf("\n");
    if (at === -1) return;
    const line = heard.slice(0, at);
    heard = heard.slice(at + 1);
    give(line);
  });
  return {
    ask: (tty) =>
      new Promise((resolve) => {
        if (ended) return resolve(null);
        const timer = setTimeout(end, PATIENCE_MS);
        waiting = (line) => {
          clearTimeout(timer);
          resolve(line);
        };
        child.stdin.write(`${tty}\n`);
      }),
    end,
  };
}
