import { pastOf } from "../../../query/history/past-in-memory.ts";
import { AGENTS, type Turn } from "./stories.ts";
import { BEGIN_US, play } from "./world.ts";

/** A story of which no roster ever names the second agent, unless `isNamed`; its past, and the whole of its time. */
export function maybeStray(story: readonly Turn[], isNamed: boolean) {
  const { events: all, lapsedAtUs } = play(story);
  const events = all.filter(
    ({ agent, type }) => isNamed || agent !== AGENTS[1] || !type.startsWith("roster.agent."),
  );
  const nowUs = Math.max(BEGIN_US + 1000, ...events.map(({ recordedAtUs }) => recordedAtUs));
  const past = pastOf({ tenantId: "t", host: "h", logSeq: all.length, events, lapsedAtUs, nowUs });
  return { events, lapsedAtUs, nowUs, past, window: { fromUs: BEGIN_US, toUs: nowUs } };
}
