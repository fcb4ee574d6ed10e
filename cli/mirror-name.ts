/** The mirror of traces; another receiver would be another row beside it. */
export const TRACES = "traces";
