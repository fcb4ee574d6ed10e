/** The thread that folds the other half of a log in a rebuild (see `store/rebuild-beside.ts`): it brings the folds of this program along. */
import { workerData } from "node:worker_threads";
import { chronicle } from "../query/history/chronicler.ts";
import { projections } from "../query/planes/all.ts";
import { foldBeside } from "../store/rebuild-beside.ts";

foldBeside(workerData, { projections, chronicle });
