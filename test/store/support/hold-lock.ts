/** A process that begins to write to the log and does not come to an end. */
import Sqlite from "better-sqlite3";

const database = new Sqlite(process.argv[2] ?? "");
database.exec("BEGIN IMMEDIATE; UPDATE state SET generation = generation");
process.stdout.write("held\n");
// Referred to here, or the collector of garbage closes the connection and lets go of the lock.
setInterval(() => database.open, 1000);
