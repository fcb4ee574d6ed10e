import { expect, test } from "vitest";
import { PROFILES, profileRoster } from "../../agents/profiles.ts";
import { parseRoster } from "../../collectors/roster/parse.ts";

test.each(PROFILES)("the roster of the %s profile is one that fleet accepts", (profile) => {
  const parsed = parseRoster(profileRoster(profile));
  expect(parsed).toMatchObject({ ok: true });
  if (!parsed.ok) return;
  const orchestrators = parsed.roster.agents.filter((agent) => agent.persistent_persona);
  expect(orchestrators.map(({ name }) => name)).toEqual(["orchestrator"]);
  expect(parsed.roster.agents.every(({ runtime }) => runtime in (parsed.roster.runtimes ?? {}))).toBe(true);
});

test("the coding profile has the agents that the contract names", () => {
  const parsed = parseRoster(profileRoster("coding"));
  expect(parsed.ok && parsed.roster.agents.map(({ name }) => name)).toEqual([
    ...["orchestrator", "coder0", "coder1", "reviewer"],
  ]);
});
