/** Ends with SIGINT, SIGTERM or SIGHUP; whoever runs long listens to `signal` and leaves with `exitCode()`. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** 128 + the signal's number, as a shell would report a program that the signal killed. */
  exitCode(): number;
  /** The name of the signal that came, or null. */
  cause(): NodeJS.Signals | null;
  /** Ends it from within. */
  end(): void;
  /** Gives the signals their default meaning back. */
  release(): void;
}

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type Caught = keyof typeof NUMBERS;

export function catchInterrupts(): Interrupt {
  const controller = new AbortController();
  let cause: Caught | null = null;
  const onSignal = (signal: NodeJS.Signals): void => {
    cause ??= signal as Caught;
    controller.abort();
  };
  const names = Object.keys(NUMBERS) as Caught[];
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    exitCode: () => (cause === null ? 0 : 128 + NUMBERS[cause]),
    cause: () => cause,
    end: () => controller.abort(),
    release: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
