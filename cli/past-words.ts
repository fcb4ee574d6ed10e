/** The verbs that ask the past and nothing else, or most often so. */
export const ASKING = ["why", "history", "when", "uptime", "diff", "incidents"];

/** What makes `fleet ps` a question to the log alone: another moment, or another host. */
export const OF_THE_PAST = ["at", "as-recorded", "tenant", "host"];
