import { jsonPieces } from "../../cli/render/json-pieces.ts";
import type { HistoryDocument, HistoryTold } from "../../query/history-document.ts";
import type { IncidentsDocument, IncidentsTold } from "../../query/incidents.ts";
import type { WhenDocument, WhenTold } from "../../query/when.ts";

/** A document as whoever reads its JSON has it. */
export function whole(document: WhenTold): WhenDocument;
export function whole(document: HistoryTold): HistoryDocument;
export function whole(document: IncidentsTold): IncidentsDocument;
export function whole(document: object): unknown {
  return JSON.parse([...jsonPieces(document)].join(""));
}
