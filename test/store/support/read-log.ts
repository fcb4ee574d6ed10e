import { FleetError } from "../../../store/errors.ts";
import { openReader } from "../../../store/reader.ts";

/** Opens the log for reading and prints its newest place, or why it could not. */
try {
  const reader = openReader(process.argv[2] ?? "");
  console.log(reader.lastSeq());
  reader.close();
} catch (error) {
  if (!(error instanceof FleetError)) throw error;
  const { kind, message, hint } = error;
  console.log(JSON.stringify({ kind, message, hint }));
}
