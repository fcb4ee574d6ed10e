import { z } from "zod";
import { boundedText, count, shortText } from "./text.ts";

export const processEvents = {
  /** The real foreground program of a pane changed. Names only: command lines carry secrets. */
  "process.changed": z.strictObject({
    socket: boundedText,
    server: count,
    pane: shortText,
    panePid: count,
    /** The program looked through interpreters and wrapper shells (`pi`, `dogfood-agent.py`); null = /proc did not tell. */
    name: shortText.nullable(),
    /** `node`, `python3`, ... when one was looked through. */
    interpreter: shortText.nullable(),
    pid: count.nullable(),
  }),
} as const;
