/** What the mirror keeps beside the log: which spans it made, how far they were settled, and what no receiver would take. */
export const mirror0002 = `
CREATE TABLE mirrors (
  name         TEXT PRIMARY KEY,
  plan         TEXT    NOT NULL, -- JSON of the mirror's own: how far the log has been turned into spans
  planned_seq  INTEGER NOT NULL, -- events up to this one have been turned into spans
  settled_no   INTEGER NOT NULL, -- every span up to this one was answered for by the receiver: the checkpoint
  again        TEXT,             -- JSON: a stretch of settled spans that is being sent once more, and how far
  sent         INTEGER NOT NULL,
  rejected     INTEGER NOT NULL,
  settled_at   INTEGER,          -- us, of the last answer that settled something
  trouble      TEXT,             -- why nothing is settled now; NULL while all is well
  last_error   TEXT,
  last_error_at INTEGER,
  pid          INTEGER,          -- the process that mirrors
  pid_start    INTEGER,
  boot_id      TEXT
) STRICT, WITHOUT ROWID;

-- Spans in the order in which they are sent. A row is never changed: a repeat is the same bytes, a correction a new row.
CREATE TABLE mirror_spans (
  no       INTEGER PRIMARY KEY,
  mirror   TEXT    NOT NULL,
  agent    TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  place    INTEGER NOT NULL, -- us: with agent and kind the span's identity over all its revisions
  ends     INTEGER NOT NULL, -- us
  revision INTEGER NOT NULL, -- 0: made of events that never change, so there is no other
  content  TEXT    NOT NULL, -- what makes another revision when it differs; empty: it holds no longer
  span     TEXT    NOT NULL  -- JSON
) STRICT;
CREATE INDEX mirror_spans_by_place ON mirror_spans (mirror, agent, kind, place, revision) WHERE revision > 0;

CREATE TABLE mirror_dead_letters (
  no     INTEGER PRIMARY KEY, -- of the span
  mirror TEXT    NOT NULL,
  at     INTEGER NOT NULL,    -- us
  status INTEGER NOT NULL,    -- HTTP
  reason TEXT    NOT NULL
) STRICT;
`;
