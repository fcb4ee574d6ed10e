/** How far each file has been read: file name of its generation -> bytes. */
export type SpoolPosition = Readonly<Record<string, number>>;

export function spoolCursorName(socketName: string): string {
  return `tmux-spool:${socketName}`;
}

/** What a cursor says; a damaged one says nothing, so that the spool is read from its beginning. */
export function parsePosition(cursor: string | null): SpoolPosition {
  if (cursor === null) return {};
  try {
    const value: unknown = JSON.parse(cursor);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(
      Object.entries(value).filter(([, bytes]) => Number.isSafeInteger(bytes) && (bytes as number) >= 0),
    ) as SpoolPosition;
  } catch {
    return {};
  }
}

export function formatPosition(position: SpoolPosition): string {
  return JSON.stringify(position);
}
