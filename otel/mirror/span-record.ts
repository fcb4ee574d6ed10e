import type { PlannedSpan } from "../../store/mirror-book.ts";

export type AttributeValue = string | number | boolean | readonly number[] | readonly string[];

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  /** How the linked span is related: `previous-day`, `previous-incarnation`, `session`, `first-revision`, `caller`. */
  readonly relation: string;
}

/** A span as it is kept until it is delivered, and sent again at will: everything that is said of it, and nothing of when it is sent. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: "internal" | "producer";
  readonly fromUs: number;
  readonly toUs: number;
  /** Set: the span's status is ERROR, and this is why. */
  readonly error?: string;
  readonly agent: string;
  readonly incarnation: string | null;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly links?: readonly SpanLink[];
  /** W3C `tracestate` of a caller whose trace this span continues. */
  readonly traceState?: string;
}

/** What one kind of span says of itself at one place of an agent's time. */
export interface Planned extends Omit<PlannedSpan, "span"> {
  readonly record: SpanRecord;
}

export function keptForm({ record, ...planned }: Planned): PlannedSpan {
  return { ...planned, span: JSON.stringify(record) };
}

export function recordOf(span: string): SpanRecord {
  return JSON.parse(span) as SpanRecord;
}
