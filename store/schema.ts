/** `PRAGMA application_id` of a fleet log: "FLET". */
export const APPLICATION_ID = 0x464c4554;

/**
 * `PRAGMA user_version` of a log that every migration has run on: the number of the last one in migrations/list.ts, which a test holds
 * it to. Told apart from that list because `fleet ps` has no use for the text of the migrations and must not load it.
 */
export const NEWEST_SCHEMA = 4;
