/**
 * The log and what is kept beside it. Why each table has this shape is written in store/README.md.
 *
 * A migration is never edited once it has been released: a change is a new one.
 */
export const log0001 = `
-- The names of this log: a copy that goes on to live on another machine takes a new one from its next seq on.
CREATE TABLE log_ids (
  n          INTEGER PRIMARY KEY,
  log_id     TEXT    NOT NULL UNIQUE,
  from_seq   INTEGER NOT NULL,
  machine_id TEXT,
  host       TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- Dictionaries: what would repeat in every event is written once and referred to by a small integer.
CREATE TABLE partitions (
  partition_id INTEGER PRIMARY KEY,
  tenant_id    TEXT NOT NULL,
  host         TEXT NOT NULL,
  UNIQUE (tenant_id, host)
) STRICT;
CREATE TABLE subjects (
  subject_id   INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  agent        TEXT
) STRICT;
CREATE UNIQUE INDEX subjects_by_agent ON subjects (agent, partition_id) WHERE agent IS NOT NULL;
CREATE UNIQUE INDEX subjects_of_nobody ON subjects (partition_id) WHERE agent IS NULL;
CREATE TABLE kinds (
  kind_id        INTEGER PRIMARY KEY,
  type           TEXT    NOT NULL,
  schema_version INTEGER NOT NULL,
  source         TEXT    NOT NULL,
  precision      TEXT    NOT NULL,
  UNIQUE (type, schema_version, source, precision)
) STRICT;
-- One kind of event about one subject. A negative id: samples (beats, activity), which no index holds.
CREATE TABLE series (
  series_id  INTEGER PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  kind_id    INTEGER NOT NULL,
  UNIQUE (subject_id, kind_id)
) STRICT;
CREATE TABLE payloads (
  payload_id INTEGER PRIMARY KEY,
  text       TEXT NOT NULL
) STRICT;
-- Other logs whose events are kept here too.
CREATE TABLE origins (
  origin_id INTEGER PRIMARY KEY,
  log_id    TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE events (
  seq         INTEGER PRIMARY KEY,
  series_id   INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL, -- us since the epoch, by this log's clock: greater than in every earlier row
  lag         INTEGER NOT NULL, -- recorded_at - occurred_at, us
  payload     ANY     NOT NULL CHECK (typeof(payload) IN ('text', 'integer')), -- the JSON itself, or a row of payloads
  origin_id   INTEGER,          -- NULL: first written here, as this seq
  origin_seq  INTEGER
) STRICT;
CREATE INDEX events_transitions ON events (seq, series_id) WHERE series_id > 0;
CREATE INDEX events_out_of_time ON events (seq) WHERE lag < 0 OR lag > 60000000;

-- One row for each commit that appended events: sha256 over the digest before and the rows.
CREATE TABLE batches (
  last_seq INTEGER PRIMARY KEY,
  digest   BLOB NOT NULL
) STRICT;

${appendOnly("log_ids", "NEW.n <= (SELECT max(n) FROM log_ids) OR NEW.log_id IN (SELECT log_id FROM log_ids)")}
${appendOnly(
  "partitions",
  `NEW.partition_id <= (SELECT max(partition_id) FROM partitions)
   OR EXISTS (SELECT 1 FROM partitions WHERE tenant_id = NEW.tenant_id AND host = NEW.host)`,
)}
${appendOnly(
  "subjects",
  `NEW.subject_id <= (SELECT max(subject_id) FROM subjects)
   OR EXISTS (SELECT 1 FROM subjects WHERE partition_id = NEW.partition_id AND agent IS NEW.agent)`,
)}
${appendOnly(
  "kinds",
  `NEW.kind_id <= (SELECT max(kind_id) FROM kinds)
   OR EXISTS (SELECT 1 FROM kinds WHERE type = NEW.type AND schema_version = NEW.schema_version
              AND source = NEW.source AND precision = NEW.precision)`,
)}
${appendOnly(
  "series",
  `NEW.series_id BETWEEN (SELECT min(series_id) FROM series) AND (SELECT max(series_id) FROM series)
   OR EXISTS (SELECT 1 FROM series WHERE subject_id = NEW.subject_id AND kind_id = NEW.kind_id)`,
)}
${appendOnly("payloads", "NEW.payload_id <= (SELECT max(payload_id) FROM payloads)")}
${appendOnly(
  "origins",
  "NEW.origin_id <= (SELECT max(origin_id) FROM origins) OR NEW.log_id IN (SELECT log_id FROM origins)",
)}
${appendOnly("events", "NEW.seq <= (SELECT max(seq) FROM events)")}
${appendOnly("batches", "NEW.last_seq <= (SELECT max(last_seq) FROM batches)")}

-- For people with a SQLite shell: events with their names.
CREATE VIEW log AS
SELECT e.seq, p.tenant_id, p.host, s.agent, k.type, k.schema_version, k.source, k.precision,
       e.recorded_at - e.lag AS occurred_at, e.recorded_at,
       CASE typeof(e.payload) WHEN 'integer' THEN (SELECT text FROM payloads WHERE payload_id = e.payload)
                              ELSE e.payload END AS payload,
       coalesce(o.log_id, (SELECT log_id FROM log_ids WHERE from_seq <= e.seq ORDER BY n DESC LIMIT 1)) AS origin_log,
       coalesce(e.origin_seq, e.seq) AS origin_seq
FROM events e
JOIN series USING (series_id)
JOIN subjects s USING (subject_id)
JOIN partitions p USING (partition_id)
JOIN kinds k USING (kind_id)
LEFT JOIN origins o USING (origin_id);

-- Folded from the log, rebuilt from it at will.
CREATE TABLE projections (
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE documents (
  partition_id INTEGER NOT NULL,
  family       TEXT    NOT NULL,
  id           TEXT    NOT NULL,
  document     TEXT    NOT NULL,
  PRIMARY KEY (partition_id, family, id)
) STRICT, WITHOUT ROWID;

-- The present of whoever runs: not in the log, and not touched by a rebuild.
CREATE TABLE state (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  generation INTEGER NOT NULL, -- counts the rebuilds of documents
  partition_id INTEGER NOT NULL -- the identity of the last writer
) STRICT;
CREATE TABLE cursors (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE observations (
  partition_id INTEGER NOT NULL,
  source       TEXT    NOT NULL,
  scope        TEXT    NOT NULL,
  at           INTEGER NOT NULL, -- wall clock, us
  complete_at  INTEGER NOT NULL, -- the log's clock at the end of the last complete look, us
  PRIMARY KEY (partition_id, source, scope)
) STRICT, WITHOUT ROWID;
CREATE TABLE gauges (
  partition_id INTEGER NOT NULL,
  scope        TEXT    NOT NULL,
  readings     TEXT    NOT NULL, -- a JSON object of numbers
  PRIMARY KEY (partition_id, scope)
) STRICT, WITHOUT ROWID;
CREATE TABLE lease (
  one                  INTEGER PRIMARY KEY CHECK (one = 1),
  pid                  INTEGER NOT NULL,
  pid_start            INTEGER,
  boot_id              TEXT    NOT NULL,
  version              TEXT    NOT NULL,
  claimed_at           INTEGER NOT NULL,
  last_alive           INTEGER NOT NULL, -- wall clock, us
  last_alive_monotonic INTEGER NOT NULL  -- CLOCK_MONOTONIC, us: what expiry is measured by
) STRICT;
`;

/**
 * Refusals by the database itself, whoever asks. `INSERT OR REPLACE` fires no DELETE trigger (recursive_triggers is off
 * by default), so an insert over an existing row has to be refused before it happens. Ids are always given
 * explicitly and count upwards, which makes "greater than every other" the cheapest test there is.
 */
function appendOnly(table: string, exists: string): string {
  const refuse = (what: string) =>
    `SELECT RAISE(ABORT, 'the log never changes: ${what} ${table} is refused');`;
  return `
CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table} BEGIN ${refuse("UPDATE of")} END;
CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} BEGIN ${refuse("DELETE from")} END;
CREATE TRIGGER ${table}_no_overwrite BEFORE INSERT ON ${table} WHEN ${exists}
BEGIN ${refuse("INSERT over a row of")} END;`;
}
