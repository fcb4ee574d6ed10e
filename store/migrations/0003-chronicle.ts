/** The tables of the chronicle: what was told over time, and the verdicts over it. Folded from the log, rebuilt from it at will. */
export const CHRONICLE_TABLES = ["lines", "told", "happened", "checkpoints"] as const;

type NameOf = (table: (typeof CHRONICLE_TABLES)[number]) => string;

/** The index by which pieces are found. A rebuild makes it when there is something to find. */
export function indexOfPieces(table: NameOf): string {
  // An index is made where its table is, and names the table without its schema.
  const [schema, told] = table("told").includes(".") ? table("told").split(".") : ["main", table("told")];
  return `CREATE UNIQUE INDEX ${schema}.${told}_pieces ON ${told} (line_id, from_us);`;
}

/** `table` names each of them: a rebuild fills tables of its own and then puts them in place of these. */
export function chronicleTables(table: NameOf, index = ""): string {
  return `
-- A document as a function of time has a line; its pieces begin at from_us and hold until the next one.
CREATE TABLE ${table("lines")} (
  line_id      INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  family       TEXT    NOT NULL,
  id           TEXT    NOT NULL,
  gone_us      INTEGER,          -- since when there has been nothing; NULL: there is something
  UNIQUE (partition_id, family, id)
) STRICT;
CREATE TABLE ${table("told")} (
  line_id INTEGER NOT NULL,
  from_us INTEGER NOT NULL,
  value   TEXT                   -- JSON; NULL: nothing from here on
) STRICT;
-- Pieces are added at the end of the table: in the order of the lines each of them would dirty a page of its own.
${index}
-- What happened at a moment, or belongs to one, beside the documents.
CREATE TABLE ${table("happened")} (
  partition_id INTEGER NOT NULL,
  kind         TEXT    NOT NULL,
  id           TEXT    NOT NULL,
  at_us        INTEGER NOT NULL,
  seq          INTEGER NOT NULL,
  value        TEXT    NOT NULL, -- JSON
  PRIMARY KEY (partition_id, kind, id, at_us, seq)
) STRICT, WITHOUT ROWID;
-- Where a fold may begin again instead of at the first event.
CREATE TABLE ${table("checkpoints")} (
  partition_id INTEGER NOT NULL,
  kind         TEXT    NOT NULL,
  seq          INTEGER NOT NULL,
  recorded_at  INTEGER NOT NULL,
  value        BLOB    NOT NULL, -- JSON, deflated
  PRIMARY KEY (partition_id, kind, seq)
) STRICT;
`;
}

const ownName: NameOf = (table) => table;

export const chronicle0003 = `${chronicleTables(ownName, indexOfPieces(ownName))}
-- Verdicts over time: the rows of an agent tile the time from its beginning to what has been settled.
CREATE TABLE status_intervals (
  line_id INTEGER NOT NULL,      -- of the family 'status': one for each agent
  from_us INTEGER NOT NULL,
  to_us   INTEGER NOT NULL,
  status  TEXT,                  -- NULL: not on the roster
  reason  TEXT,
  why     TEXT    NOT NULL,      -- JSON: the events that it stood on at its beginning
  rules   INTEGER NOT NULL,
  PRIMARY KEY (line_id, from_us)
) STRICT, WITHOUT ROWID;
-- Most of a fleet's time is spent in turns of these four: what is asked of months leaves them out.
CREATE INDEX status_not_well ON status_intervals (line_id, from_us)
  WHERE status IS NULL OR status NOT IN ('healthy', 'busy', 'starting', 'running');
-- The last event that was taken into account when verdicts were settled.
CREATE TABLE settled (
  partition_id INTEGER PRIMARY KEY,
  seq          INTEGER NOT NULL
) STRICT;
-- Evidence that came since: it may change what lies before it as far back as the gap reaches that it is in or ends.
CREATE TABLE unsettled (
  partition_id INTEGER NOT NULL,
  plane        TEXT    NOT NULL,
  agent        TEXT    NOT NULL, -- '': everybody
  from_us      INTEGER NOT NULL,
  PRIMARY KEY (partition_id, plane, agent)
) STRICT, WITHOUT ROWID;
`;
