/** A process that checks the chain of a log and prints what it found. */
import { verifyLog } from "../../../store/verify.ts";

process.stdout.write(`${JSON.stringify(verifyLog(process.argv[2] ?? ""))}\n`);
