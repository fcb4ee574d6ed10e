import { z } from "zod";
import { boundedText, count, shortText } from "./text.ts";

/** Who acted, and by which verb (`agent stop`, `down`). `agent` of the envelope is whom the act is for. */
const act = { verb: shortText, user: shortText, pid: count };
/** The unit that the act goes to; null where there is none. */
const onUnit = { ...act, unit: shortText.nullable() };

export const operatorEvents = {
  /** Written before the act: whatever becomes of it, somebody wanted the agent to run, or to be down. */
  "operator.start.requested": z.strictObject(onUnit),
  "operator.stop.requested": z.strictObject(onUnit),
  "operator.restart.requested": z.strictObject(onUnit),
  /** The runtime's reset command is to be typed; `task` is for what. */
  "operator.reset.requested": z.strictObject({ ...act, task: shortText.nullable() }),
  /** An act that did not do what it was to do. One that did is seen on the planes themselves. */
  "operator.act.failed": z.strictObject({ ...act, reason: boundedText }),
  /** Somebody's terminal was joined to the agent's pane: whatever is typed there may be theirs. */
  "operator.attached": z.strictObject({ ...act, socket: boundedText, pane: shortText, terminal: shortText }),
  "operator.detached": z.strictObject({
    ...act,
    pane: shortText,
    seconds: z.number().min(0),
    /** `detached`, or how the client or the agent ended. */
    how: shortText,
  }),
  /** `fleet init` wrote files: how many, and how many of them over others. */
  "operator.fleet.initialized": z.strictObject({ ...act, written: count, replaced: count, kept: count }),
} as const;
