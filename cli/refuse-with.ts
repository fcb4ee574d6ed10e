import { FleetError } from "../store/errors.ts";
import { has, type Words } from "./declaration.ts";

/** Refuses an option beside others that contradict it. */
export function refuseWith(words: Words, option: string, others: readonly string[]): void {
  const other = others.find((name) => has(words, name));
  if (!has(words, option) || other === undefined) return;
  throw new FleetError("usage", `--${option} and --${other} cannot be had together`, {
    hint: "Leave one of them out.",
  });
}
