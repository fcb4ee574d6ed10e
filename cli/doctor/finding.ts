/** One thing that was looked at. `fail`: fleet cannot do its work; `warn`: a part of it cannot, or something is about to be wrong. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to run or to change; null when nothing needs to be done. */
  readonly advice: string | null;
}

export function ok(check: string, found: string): Finding {
  return { check, state: "ok", found, advice: null };
}
export function warn(check: string, found: string, advice: string): Finding {
  return { check, state: "warn", found, advice };
}
export function fail(check: string, found: string, advice: string): Finding {
  return { check, state: "fail", found, advice };
}
