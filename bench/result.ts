import { readFileSync } from "node:fs";

/** One line of a bench's table. Ratios are taken within one run: the machine's own speed cancels out. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What is asked for, in words ("at least 50 %"); empty where the line only informs. */
  readonly target: string;
  readonly verdict: "pass" | "fail" | "info";
}

export interface BenchOptions {
  /** How many events; each bench has its own default. */
  readonly events?: number;
  /** A directory in which filled logs are kept and found again: 10^7 events take half an hour to fill and seconds to ask. */
  readonly logs?: string;
}

export const info = (name: string, value: number, unit: string): Result => ({
  name,
  value,
  unit,
  target: "",
  verdict: "info",
});

export function atLeast(name: string, value: number, unit: string, limit: number): Result {
  return { name, value, unit, target: `at least ${limit}`, verdict: value >= limit ? "pass" : "fail" };
}

export function atMost(name: string, value: number, unit: string, limit: number): Result {
  return { name, value, unit, target: `at most ${limit}`, verdict: value <= limit ? "pass" : "fail" };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export function table(results: readonly Result[]): string {
  const cells = results.map(({ name, value, unit, target, verdict }) => [
    name,
    shown(value),
    unit,
    target,
    verdict === "info" ? "" : verdict,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 1 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ");
  return `${cells.map((row) => line(row).trimEnd()).join("\n")}\n`;
}

function shown(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** The options that take a value. */
export const OPTIONS: readonly string[] = ["--events", "--logs"];

/** `--events 1e7`, `--logs DIR`, of all benches or of one that is run alone. */
export function optionsOf(argv: readonly string[]): BenchOptions {
  const given = (option: string): string | undefined =>
    argv.includes(option) ? (argv[argv.indexOf(option) + 1] ?? "") : undefined;
  const [count, logs] = [given("--events"), given("--logs")];
  const events = Number(count);
  if (count !== undefined && (!Number.isSafeInteger(events) || events < 1))
    throw new Error(`--events ${count}: not a count`);
  if (logs === "") throw new Error("--logs: name the directory that keeps the filled logs");
  return { ...(count === undefined ? {} : { events }), ...(logs === undefined ? {} : { logs }) };
}

/**
 * What this process held at its peak, in MB: VmHWM. Not `maxRSS`, in which Linux counts what the parent held when it started this one:
 * two children of a large parent would read the same.
 */
export function peakMegabytes(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return Number(kilobytes) / 1024;
}
