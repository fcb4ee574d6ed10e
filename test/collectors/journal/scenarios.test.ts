import { expect, test } from "vitest";
import { EXEC_FAILED_MESSAGE_ID } from "../../../collectors/journal/lifecycle.ts";
import { createReader } from "../../../collectors/journal/reader.ts";
import { eventCatalogue } from "../../../store/events/catalogue.ts";
import { readScenarios } from "./samples.ts";

const scenarios = readScenarios();
/** Every unit of the captures is of interest here, so that the golden file shows what each kind of line becomes. */
const everyUnit = [
  ...new Set(
    scenarios.flatMap(({ lines }) =>
      lines.map((line) => (JSON.parse(line) as { USER_UNIT?: string }).USER_UNIT),
    ),
  ),
].flatMap((unit) => (unit === undefined ? [] : [{ unit, agent: null }]));

function eventsOf(lines: readonly string[]) {
  const reader = createReader({ at: "since", sinceUs: 0, unreadable: 0 }, () => everyUnit);
  const whole = lines.map((text) => ({ text, bytes: Buffer.byteLength(text), whole: true }));
  return reader.take(whole, 1);
}

test("each captured scenario becomes the events of its golden file", async () => {
  expect(scenarios).toHaveLength(50);
  const golden = scenarios.map(({ name, lines }) => {
    const told = eventsOf(lines).map((event) => {
      const { unit, what, message, invocationId, bootId, ...rest } = event.payload as Record<string, unknown>;
      const values = Object.entries(rest).filter(([, value]) => value !== null);
      const words = values.map(([key, value]) => `${key}=${value}`).join(" ");
      const ids = [invocationId, bootId].map((id) => (id === null ? "-" : String(id).slice(0, 8))).join(" ");
      return `  ${event.agent ?? "-"} ${unit} ${what} ${words} [${ids}] ${message}`;
    });
    return [`## ${name}`, ...told].join("\n");
  });
  await expect(`${golden.join("\n")}\n`).toMatchFileSnapshot("../../fixtures/journal/scenarios.golden.txt");
});

test("every event of the captures fits its schema", () => {
  for (const { lines } of scenarios)
    for (const event of eventsOf(lines)) {
      const schema = eventCatalogue[event.type as keyof typeof eventCatalogue];
      expect(() => schema.parse(event.payload)).not.toThrow();
      expect(event.occurredAtUs).toBeGreaterThan(1_795_000_000_000_000);
    }
});

test("a line that a unit printed is never read", () => {
  const printed = scenarios.flatMap(({ lines }) =>
    lines.filter((line) => line.includes('"_TRANSPORT":"stdout"')),
  );
  expect(printed.length).toBeGreaterThan(10);
  expect(eventsOf(printed)).toEqual([]);
});

test("every lifecycle line of the captures passes the filter that journalctl is given", () => {
  for (const { lines } of scenarios)
    for (const line of lines) {
      const fields = JSON.parse(line) as Record<string, string>;
      if (eventsOf([line]).length === 0) continue;
      const manager = fields._SYSTEMD_USER_UNIT === "init.scope";
      expect(manager || fields.MESSAGE_ID === EXEC_FAILED_MESSAGE_ID).toBe(true);
    }
});

test("a unit skipped because of its condition is not told as started", () => {
  const skipped = scenarios.find(({ name }) => name === "condition-not-met");
  expect(eventsOf(skipped?.lines ?? []).map((event) => (event.payload as { what: string }).what)).toEqual([
    "other",
  ]);
});
