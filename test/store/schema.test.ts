import { expect, test } from "vitest";
import { migrations } from "../../store/migrations/list.ts";
import { NEWEST_SCHEMA } from "../../store/schema.ts";

test("the number that the short way of ps knows is that of the last migration", () => {
  expect(NEWEST_SCHEMA).toBe(migrations.at(-1)?.version);
});
