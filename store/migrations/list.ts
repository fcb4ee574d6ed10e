import { log0001 } from "./0001-log.ts";
import { mirror0002 } from "./0002-mirror.ts";
import { chronicle0003 } from "./0003-chronicle.ts";
import { archive0004 } from "./0004-archive.ts";

export interface Migration {
  /** The value of `PRAGMA user_version` when it has run. Numbers are dense and begin at 1. */
  readonly version: number;
  readonly sql: string;
}

/** Every migration there is, in order. SQL as text in modules, so that a bundle carries it. */
export const migrations: readonly Migration[] = [
  { version: 1, sql: log0001 },
  { version: 2, sql: mirror0002 },
  { version: 3, sql: chronicle0003 },
  { version: 4, sql: archive0004 },
];
