/** What a pipe holds. */
const PIECE = 65_536;

/** Joined to what is worth a call of the system, and never to all there is. */
export function* inPieces(texts: Iterable<string>, length = PIECE): Generator<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < length) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
