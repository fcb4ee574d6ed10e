/** A thread that fails in the middle of its half. */
import { workerData } from "node:worker_threads";
import { chronicleAt } from "../../../query/history/chronicler.ts";
import { projections } from "../../../query/planes/all.ts";
import { foldBeside } from "../../../store/rebuild-beside.ts";
import { SMALL } from "./kept-log.ts";

const chronicle = chronicleAt(SMALL);
foldBeside(workerData, {
  projections,
  chronicle: {
    ...chronicle,
    open(tables, part) {
      const chronicler = chronicle.open(tables, part);
      return {
        ...chronicler,
        end(event, documents) {
          if (event.seq > 20) throw new Error("the other half fails");
          chronicler.end(event, documents);
        },
      };
    },
  },
});
