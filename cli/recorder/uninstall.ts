import { uninstallHooks } from "../../collectors/tmux/uninstall.ts";
import { collectingFor } from "../collecting.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { openOwnLog } from "../own-log.ts";
import { visible } from "../render/text.ts";

const DEADLINE_MS = 2000;

/** `fleet record --uninstall`: takes our hooks and options from every server that may have them, and the spools away. */
export async function uninstall(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const own = openOwnLog(environment, { keepIdentity: true });
  const { log, clock, identity, here } = own;
  try {
    const { sockets, socketDirectory, tmuxEnvironment } = collectingFor(own, environment);
    const results = await uninstallHooks(
      sockets(),
      {
        access: { program: "tmux", environment: tmuxEnvironment, deadlineMs: DEADLINE_MS },
        socketDirectory,
        spoolDirectory: here.places.spoolDirectory,
      },
      { clock, emit: log.append, cursor: log.cursor },
    );
    if (has(invocation, "json")) {
      for (const { socket, ...result } of results) {
        const line = {
          schema: "fleet.record.v1",
          tenant_id: identity.tenantId,
          host: identity.host,
          what: "uninstalled",
          socket: socket.path,
          ...result,
        };
        output.print(`${JSON.stringify(line)}\n`);
      }
    } else {
      for (const result of results) output.print(`${visible(result.socket.name)}: ${wordsFor(result)}\n`);
    }
    return results.some(({ state }) => state === "unavailable") ? EXIT.failed : EXIT.done;
  } finally {
    log.close();
  }
}

function wordsFor(result: Awaited<ReturnType<typeof uninstallHooks>>[number]): string {
  if (result.state === "removed") return `${result.hooks} hooks removed`;
  if (result.state === "nothing") return "nothing of ours is there";
  if (result.state === "foreign")
    return "its hooks belong to the recorder of another state directory; they are left to it";
  return `could not be asked: ${visible(result.reason)}`;
}
