/** What can have happened to an agent, besides the statuses that it can be in. */
export const HAPPENINGS = ["drifted", "started", "attached", "sent", "rebooted"] as const;
export type Happening = (typeof HAPPENINGS)[number];
