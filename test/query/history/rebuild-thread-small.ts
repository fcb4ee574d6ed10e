/** `cli/rebuild-thread.ts` with the cadence of these tests. */
import { workerData } from "node:worker_threads";
import { chronicleAt } from "../../../query/history/chronicler.ts";
import { projections } from "../../../query/planes/all.ts";
import { foldBeside } from "../../../store/rebuild-beside.ts";
import { SMALL } from "./kept-log.ts";

foldBeside(workerData, { projections, chronicle: chronicleAt(SMALL) });
