/** W3C trace context: version, trace id, parent id, flags. Ids of zeros only name nothing. */
const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether a text is a `traceparent` that spans may be hung on. */
export function isTraceparent(text: string): boolean {
  return FORM.test(text);
}
