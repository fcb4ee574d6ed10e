/**
 * How far the journal has been read; its text is the log's cursor "journal". `since` stands until the first entry has
 * been seen. `unreadable` counts lines after that place which could not be parsed and have been reported: they have no
 * cursor of their own, and would otherwise be reported again after each restart.
 */
export type Position = { readonly unreadable: number } & (
  | { readonly at: "entry"; readonly cursor: string }
  | { readonly at: "since"; readonly sinceUs: number }
);

export function positionText(position: Position): string {
  const place = position.at === "entry" ? position.cursor : `since=${position.sinceUs}`;
  return position.unreadable === 0 ? place : `${place};unreadable=${position.unreadable}`;
}

/**
 * Null for a text that cannot be a position. systemd's cursor is systemd's business: whether it is one, journalctl says; of
 * its parts only `t=` and `b=` are looked at.
 */
export function parsePosition(text: string): Position | null {
  const counted = /^(.*);unreadable=(\d{1,9})$/s.exec(text);
  const place = counted?.[1] ?? text;
  const unreadable = Number(counted?.[2] ?? 0);
  const since = /^since=(\d{1,16})$/.exec(place);
  if (since !== null) return { at: "since", sinceUs: Number(since[1]), unreadable };
  return /^[!-~]{1,1024}$/.test(place) ? { at: "entry", cursor: place, unreadable } : null;
}

/** When journald received the entry of this cursor: its `t=`, hexadecimal microseconds since the epoch. */
export function cursorTimeUs(cursor: string): number | null {
  const hex = /(?:^|;)t=([0-9a-f]{1,13})(?:;|$)/.exec(cursor)?.[1];
  if (hex === undefined) return null;
  const us = Number.parseInt(hex, 16);
  return Number.isSafeInteger(us) ? us : null;
}

/** Whether its entry was written in that boot (an id with dashes or without); true where a cursor does not tell. */
export function isOfBoot(cursor: string, bootId: string): boolean {
  const boot = /(?:^|;)b=([0-9a-f]{32})(?:;|$)/.exec(cursor)?.[1];
  return boot === undefined || boot === bootId.replaceAll("-", "");
}

/** When the place was reached, on the journal's clock; 0 where a cursor does not tell. */
export function positionTimeUs(position: Position): number {
  return position.at === "since" ? position.sinceUs : (cursorTimeUs(position.cursor) ?? 0);
}
