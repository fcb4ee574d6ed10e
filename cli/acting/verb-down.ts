import { RECORDER_UNIT } from "../../agents/fleet-spec.ts";
import { uninstallHooks } from "../../collectors/tmux/uninstall.ts";
import { collectingFor } from "../collecting.ts";
import { has, type Invocation } from "../declaration.ts";
import { openActor } from "./actor.ts";
import { exitOf, stopAgents, stopDocument } from "./stop.ts";

const DEADLINE_MS = 2000;

/**
 * `fleet down`: every agent, then the tmux server, then the recorder, which has seen them go; and our marks on other tmux servers.
 * What is enabled comes back at the next boot, or by `fleet up`.
 */
export async function run(invocation: Invocation): Promise<number> {
  const actor = openActor(invocation);
  try {
    const { spec, own } = actor;
    const agents = await stopAgents(actor, invocation, { verb: "down", agents: spec.agents });
    const holder = { name: spec.holderSession, unit: spec.holderUnit };
    const results = [...agents, ...(await stopAgents(actor, invocation, { verb: "down", agents: [holder] }))];
    await actor.run(["systemctl", "--user", "stop", "--", RECORDER_UNIT]);
    const collecting = collectingFor(own, invocation.environment);
    const marks = await uninstallHooks(
      collecting.sockets(),
      {
        access: { program: "tmux", environment: collecting.tmuxEnvironment, deadlineMs: DEADLINE_MS },
        socketDirectory: collecting.socketDirectory,
        spoolDirectory: own.here.places.spoolDirectory,
      },
      { clock: own.clock, emit: own.log.append, cursor: own.log.cursor },
    );
    if (has(invocation, "json")) {
      const removed = marks.filter(({ state }) => state === "removed").map(({ socket }) => socket.name);
      invocation.output.print(stopDocument(actor, "down", results, { marks_removed: removed }));
    } else invocation.output.print(`${RECORDER_UNIT} is down; what happens now is not recorded.\n`);
    return exitOf(results);
  } finally {
    actor.close();
  }
}
