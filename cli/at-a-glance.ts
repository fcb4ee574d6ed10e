import { FAMILIES_OF_PS } from "../query/planes/documents.ts";
import type { PsInput } from "../query/ps.ts";
import { glance } from "../store/glance.ts";
import { nowUs } from "./clock.ts";
import type { Variables } from "./environment.ts";
import { lookAround } from "./here.ts";
import { liveRecorder, withProof } from "./present.ts";

/**
 * The present as a live recorder sees it, read by the shortest way there is: what `fleet ps` is for most of its life. Null whenever
 * anything else is the case; at-length.ts then looks, migrates, or says what is wrong.
 */
export function presentAtAGlance(variables: Variables): PsInput | null {
  const { hasStateDirectory, places } = lookAround(variables);
  const found = hasStateDirectory ? glance(places.database, FAMILIES_OF_PS) : null;
  if (found === null) return null;
  const { lease, ...present } = found;
  const held = { lease: () => lease };
  const recorder = liveRecorder(held);
  if (recorder === null) return null;
  const at = nowUs();
  const observer = withProof({ state: "recording", sinceUs: recorder.sinceUs }, held, at);
  return { ...present, observer, nowUs: at, all: false };
}
