import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FleetError } from "../../store/errors.ts";
import { countOf, has, type Invocation, textOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { catchInterrupts } from "../interrupt.ts";
import { answerHere } from "../sql/answer.ts";
import { endWithParent } from "../sql/end-with-parent.ts";
import { listViews } from "../sql/views.ts";

const DEFAULT_TIMEOUT_S = 30;

/** `fleet sql`: one SELECT over the documented views. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  if (has(invocation, "json") && has(invocation, "csv"))
    throw new FleetError("usage", "--json and --csv cannot be had together", {
      hint: "Leave one of them out.",
    });
  const [given] = invocation.arguments;
  if (given === undefined) {
    output.print(listViews());
    return EXIT.done;
  }
  const query = given === "-" ? readFileSync(0, "utf8") : given;
  if (query.trim() === "")
    throw new FleetError("usage", "the query is empty", {
      hint: "`fleet sql` without a query lists what can be asked for.",
    });
  if (!has(invocation, "in-this-process")) return supervised(invocation, query);
  const parent = countOf(invocation, "parent");
  if (parent === undefined) return answerHere(invocation, query);
  const callOff = endWithParent(parent, countOf(invocation, "timeout") ?? DEFAULT_TIMEOUT_S);
  try {
    return await answerHere(invocation, query);
  } finally {
    await callOff();
  }
}

/**
 * SQLite runs a query to its end and hears nothing meanwhile, neither a timer nor a signal: so it runs in a process of its own, which
 * can be ended. That process is this very program, and prints what this one hands on.
 */
async function supervised(invocation: Invocation, query: string): Promise<number> {
  const { output, environment } = invocation;
  const timeoutS = countOf(invocation, "timeout") ?? DEFAULT_TIMEOUT_S;
  const width = output.width();
  const colour = { FORCE_COLOR: output.paint("quiet", "x") === "x" ? "0" : "1" };
  const child = spawn(
    process.execPath,
    [mainFile(), "sql", "--in-this-process", "--parent", String(process.pid), ...passedOn(invocation), "-"],
    {
      env: { ...environment, ...colour, ...(width === null ? {} : { COLUMNS: String(width) }) },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const interrupt = catchInterrupts();
  let isLate = false;
  const end = (): void => void child.kill("SIGKILL");
  const late = (): void => {
    isLate = true;
    end();
  };
  const timer = timeoutS === 0 ? undefined : setTimeout(late, timeoutS * 1000);
  interrupt.signal.addEventListener("abort", end);
  // A child that is gone before it has read its query says why on stderr.
  child.stdin.on("error", () => {});
  child.stdin.end(query);
  let broken: unknown = null;
  const hand = (print: (text: string) => void) => (text: string) => {
    try {
      print(text);
    } catch (error) {
      // Whoever read our output is gone: so is the reason to go on.
      broken = error;
      end();
    }
  };
  child.stdout.setEncoding("utf8").on("data", hand(output.print));
  child.stderr.setEncoding("utf8").on("data", hand(output.complain));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (broken !== null) throw broken;
    if (interrupt.signal.aborted) return interrupt.exitCode();
    if (isLate)
      throw new FleetError("unavailable", `the query did not end within ${timeoutS} s and was ended`, {
        hint: "Ask for less (a range of seq or recorded_us is found at once), or give it longer with --timeout.",
      });
    if (code === null)
      throw new FleetError("unavailable", "the process that ran the query was killed", {
        hint: "Was it the kernel, for want of memory? `journalctl -k -g oom` says so.",
      });
    return code;
  } finally {
    clearTimeout(timer);
    interrupt.signal.removeEventListener("abort", end);
    interrupt.release();
  }
}

function passedOn(invocation: Invocation): string[] {
  const [limit, timeout, at] = ["limit", "timeout", "at"].map((option) => textOf(invocation, option));
  return [
    ...(has(invocation, "json") ? ["--json"] : []),
    ...(has(invocation, "csv") ? ["--csv"] : []),
    ...(at === undefined ? [] : ["--at", at]),
    ...(limit === undefined ? [] : ["--limit", limit]),
    ...(timeout === undefined ? [] : ["--timeout", timeout]),
  ];
}

/** The program itself, built (dist/fleet.cjs) or from the sources. */
function mainFile(): string {
  const main = import.meta.filename.endsWith(".cjs") ? "../fleet.cjs" : "../main.ts";
  return fileURLToPath(new URL(main, import.meta.url));
}
