/**
 * The one exception to "events are never removed": a stretch that a verified segment covers. Recording the segment is what removes
 * it, in one statement, and what remains is refused as before.
 */
export const archive0004 = `
-- A stretch of the log that lives in a file beside the database. They follow one another from the first event on.
CREATE TABLE segments (
  first_seq         INTEGER PRIMARY KEY,
  last_seq          INTEGER NOT NULL,
  first_recorded_at INTEGER NOT NULL,
  last_recorded_at  INTEGER NOT NULL,
  first_occurred_at INTEGER NOT NULL, -- the earliest and the latest: arrival order is not time order
  last_occurred_at  INTEGER NOT NULL,
  commits           INTEGER NOT NULL,
  digest            BLOB    NOT NULL, -- of the chain, at last_seq
  file              TEXT    NOT NULL UNIQUE,
  bytes             INTEGER NOT NULL,
  sha256            BLOB    NOT NULL, -- of the file
  archived_at       INTEGER NOT NULL
) STRICT;

CREATE TRIGGER segments_no_update BEFORE UPDATE ON segments
BEGIN SELECT RAISE(ABORT, 'the log never changes: UPDATE of segments is refused'); END;
CREATE TRIGGER segments_no_delete BEFORE DELETE ON segments
BEGIN SELECT RAISE(ABORT, 'the log never changes: DELETE from segments is refused'); END;
-- It continues the one before, ends at a commit of which it has the digest, and leaves the newest commit where it is.
-- Its file is its own: REPLACE would otherwise take the row that has the name, without asking the trigger for DELETE.
CREATE TRIGGER segments_no_overwrite BEFORE INSERT ON segments
WHEN NEW.first_seq <> coalesce((SELECT last_seq FROM segments ORDER BY first_seq DESC LIMIT 1), 0) + 1
  OR NEW.digest IS NOT (SELECT digest FROM batches WHERE last_seq = NEW.last_seq)
  OR NEW.commits <> (SELECT count(*) FROM batches WHERE last_seq BETWEEN NEW.first_seq AND NEW.last_seq)
  OR NEW.last_seq >= (SELECT max(last_seq) FROM batches)
  OR NEW.last_seq - NEW.first_seq + 1 <> (SELECT count(*) FROM events WHERE seq BETWEEN NEW.first_seq AND NEW.last_seq)
  OR EXISTS (SELECT 1 FROM segments WHERE file = NEW.file)
  OR length(NEW.sha256) <> 32
  OR NEW.bytes <= 0
BEGIN SELECT RAISE(ABORT, 'the log never changes: a segment that does not cover what it removes, or has no file of its own, is refused'); END;

DROP TRIGGER events_no_delete;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
WHEN OLD.seq > coalesce((SELECT last_seq FROM segments ORDER BY first_seq DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'the log never changes: DELETE from events is refused'); END;
DROP TRIGGER batches_no_delete;
CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches
WHEN OLD.last_seq > coalesce((SELECT last_seq FROM segments ORDER BY first_seq DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'the log never changes: DELETE from batches is refused'); END;

CREATE TRIGGER segments_remove AFTER INSERT ON segments
BEGIN
  DELETE FROM events WHERE seq BETWEEN NEW.first_seq AND NEW.last_seq;
  DELETE FROM batches WHERE last_seq BETWEEN NEW.first_seq AND NEW.last_seq;
END;
`;
