import { prometheusName } from "../../otel/metrics/catalogue.ts";
import { expositionOf } from "../../otel/metrics/exposition.ts";
import { has, type Invocation, textOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { measure } from "../measure.ts";
import { observe } from "../observe.ts";
import { replaceFile } from "../replace-file.ts";

/** node_exporter runs as another user, so this one file is for all to read: who asks for it says where. */
const READABLE_BY_ALL = 0o644;

/** `fleet metrics`: the numbers of now, printed or put where node_exporter's textfile collector finds them. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const { reader, observer } = await observe(environment, {
    collect: !has(invocation, "no-collect"),
    complain: output.complain,
  });
  let measured: ReturnType<typeof measure>;
  try {
    measured = measure(reader, observer);
  } finally {
    reader.close();
  }
  const text = has(invocation, "json") ? jsonOf(measured) : expositionOf(measured.metrics);
  const file = textOf(invocation, "output");
  if (file === undefined) output.print(text);
  else replaceFile(file, text, READABLE_BY_ALL);
  return EXIT.done;
}

function jsonOf({ tenantId, host, at, metrics }: ReturnType<typeof measure>): string {
  const document = {
    schema: "fleet.metrics.v1",
    tenant_id: tenantId,
    host,
    at,
    metrics: metrics.map(({ instrument, measurements }) => ({
      name: prometheusName(instrument),
      kind: instrument.kind,
      unit: instrument.unit,
      measurements,
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
