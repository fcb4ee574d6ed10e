/** `npm run generate`: every file that is made from another one of ours. A test holds each of them to its source. */
import { writeFileSync } from "node:fs";
import { eventCatalogue } from "../store/events/catalogue.ts";
import { GUARDS_FILE, render } from "./generate-guards.ts";

writeFileSync(GUARDS_FILE, render(eventCatalogue));
