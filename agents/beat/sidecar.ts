import { type ResponderOptions, startResponder } from "./responder.ts";

export interface SidecarOptions extends Omit<ResponderOptions, "source"> {
  /** Whether the process that is vouched for is still the one that was found at the start. */
  readonly lives: () => boolean;
  readonly signal: AbortSignal;
  readonly lookEveryMs?: number;
}

/**
 * Beats on behalf of a process that cannot, marked `source=sidecar`, until that process ends (`gone`) or the signal comes
 * (`ended`). Its pid is in the beats, so that the last one is known to be void as soon as the process is.
 */
export function runSidecar(options: SidecarOptions): Promise<"gone" | "ended"> {
  const { lives, signal, lookEveryMs = 250 } = options;
  if (!lives()) return Promise.resolve("gone");
  const responder = startResponder({ ...options, source: "sidecar" });
  return new Promise((resolve) => {
    const end = (how: "gone" | "ended"): void => {
      clearInterval(timer);
      signal.removeEventListener("abort", onAbort);
      responder.close();
      resolve(how);
    };
    const onAbort = (): void => end("ended");
    const timer = setInterval(() => {
      if (!lives()) end("gone");
    }, lookEveryMs);
    if (signal.aborted) end("ended");
    else signal.addEventListener("abort", onAbort);
  });
}
