import { FleetError } from "../../store/errors.ts";
import { csvCell } from "../../store/export.ts";
import { queryLog, type SqlValue } from "../../store/query-log.ts";
import { countOf, has, type Invocation, textOf } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { formatTable, type Squeeze } from "../render/table.ts";
import { visible } from "../render/text.ts";
import { viewsOf } from "./views.ts";

const DEFAULT_LIMIT = 10_000;
/** Text is printed in pieces of about this many characters. */
const PIECE = 65_536;
/** A column of a table is not cut below this. */
const NARROWEST = 8;

/** Runs the query in this process and prints its answer. */
export async function answerHere(invocation: Invocation, query: string): Promise<number> {
  const { output, environment } = invocation;
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  const { tenantId, host } = reader.identity();
  reader.close();
  const { tables, upTo } = await viewsOf(environment, textOf(invocation, "at"), output);
  const answer = queryLog(here.places.database, query, tables, upTo);
  try {
    const limit = countOf(invocation, "limit") ?? DEFAULT_LIMIT;
    const rows = limited(answer.rows, limit === 0 ? Number.POSITIVE_INFINITY : limit);
    const form = has(invocation, "json")
      ? jsonForm(answer.columns, { tenantId, host })
      : has(invocation, "csv")
        ? csvForm(answer.columns)
        : tableForm(answer.columns, output);
    let text = form.head;
    for (const row of rows.each()) {
      text += form.row(row);
      if (text.length < PIECE) continue;
      output.print(text);
      text = "";
    }
    output.print(text + form.tail(rows.isCut()));
    if (!rows.isCut()) return EXIT.done;
    output.complain(
      `fleet: the answer was cut off after ${limit} rows\n  --limit ROWS takes more of it, --limit 0 all.\n`,
    );
    return EXIT.failed;
  } finally {
    answer.close();
  }
}

function limited(all: Iterable<readonly SqlValue[]>, limit: number) {
  let isCut = false;
  return {
    *each() {
      let count = 0;
      for (const row of all) {
        if (count === limit) {
          isCut = true;
          return;
        }
        count += 1;
        yield row;
      }
    },
    isCut: () => isCut,
  };
}

/** How an answer is written, piece by piece. */
interface Form {
  readonly head: string;
  row(values: readonly SqlValue[]): string;
  tail(isCut: boolean): string;
}

/** `fleet.sql.v1`: rows as objects, so two columns of one name cannot be told apart and are refused. */
function jsonForm(columns: readonly string[], own: { tenantId: string; host: string }): Form {
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined)
    throw new FleetError("usage", `two columns are called ${JSON.stringify(twice)}`, {
      hint: "Give one of them another name: SELECT a.name, b.name AS other.",
    });
  const keys = columns.map((name) => `${JSON.stringify(name)}:`);
  const head = JSON.stringify({ schema: "fleet.sql.v1", tenant_id: own.tenantId, host: own.host, columns });
  let between = "";
  return {
    head: `${head.slice(0, -1)},"rows":[`,
    row(values) {
      const text = `${between}\n{${values.map((value, i) => `${keys[i]}${jsonValue(value)}`).join(",")}}`;
      between = ",";
      return text;
    },
    tail: (isCut) => `\n],"cut":${isCut}}\n`,
  };
}

/** Whole numbers are exact to the last digit, which JSON allows; bytes are hexadecimal; what is no number of JSON is text. */
function jsonValue(value: SqlValue): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number")
    return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  return JSON.stringify(value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);
}

function csvForm(columns: readonly string[]): Form {
  const line = (cells: readonly (string | null)[]) => `${cells.map(csvCell).join(",")}\r\n`;
  return {
    head: line(columns),
    row: (values) => line(values.map((value) => (value === null ? null : cellText(value)))),
    tail: () => "",
  };
}

function cellText(value: Exclude<SqlValue, null>): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}

function tableForm(columns: readonly string[], { width, paint }: Invocation["output"]): Form {
  const rows: (readonly SqlValue[])[] = [];
  return {
    head: "",
    row(values) {
      rows.push(values);
      return "";
    },
    tail() {
      const table = {
        columns: columns.map((name, at) => {
          const isNumber = rows.every((row) => row[at] === null || typeof row[at] !== "string");
          return {
            id: String(at),
            title: visible(name),
            align: isNumber ? ("right" as const) : ("left" as const),
          };
        }),
        rows: rows.map((row) =>
          row.map((value) => ({
            said: [value === null ? "-" : visible(cellText(value))] as const,
            tone: value === null ? ("quiet" as const) : null,
          })),
        ),
        squeezes: [...columns.keys()]
          .reverse()
          .map((at): Squeeze => ({ column: String(at), by: "truncate", to: NARROWEST })),
      };
      return `${formatTable(table, width(), paint).join("\n")}\n`;
    },
  };
}
