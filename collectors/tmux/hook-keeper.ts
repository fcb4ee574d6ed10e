import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { CollectorContext } from "../collector.ts";
import type { TmuxAccess } from "./ask.ts";
import { FLEET_HOOKS, ownerOf } from "./hooks.ts";
import type { Sight } from "./look-at-socket.ts";
import { installMarks, readMarks } from "./marks.ts";
import { publishRejectedLine } from "./publish.ts";

/** Sees to it that the hooks stand on one server, whichever is behind the socket. */
export interface HookKeeper {
  /** After each look. True when hooks were set just now. */
  tend(sight: Extract<Sight, { state: "seen" }>): Promise<boolean>;
}

export interface HookKeeperOptions {
  readonly socketPath: string;
  readonly spoolPath: string;
  readonly access: TmuxAccess;
  readonly hooksCheckMs: number;
  readonly context: Pick<CollectorContext, "clock" | "emit" | "signal">;
}

export function createHookKeeper(options: HookKeeperOptions): HookKeeper {
  const { socketPath, spoolPath, access, hooksCheckMs, context } = options;
  const owner = ownerOf(spoolPath);
  let installedOn = "";
  let refusedOn = "";
  let seenMarks = "";
  let checkDueMs = 0;
  const nowMs = (): number => context.clock.monotonicUs() / 1000;

  return {
    async tend({ server, marks }) {
      const identity = `${server.pid} ${server.startTicks}`;
      // It would refuse them again; the looks go on without.
      if (identity === refusedOn) return false;
      if (identity !== installedOn) return install(server.pid, identity, "started");
      // Another state directory's recorder was started later on this server: the hooks are its own now.
      if (marks.owner !== "" && marks.owner !== owner) return false;
      if (marks.owner === owner && marks.hooked.every(Boolean)) return false;

      // A format looks at the arrays of one session first, and there a hook of the same name hides ours from it. So what
      // it says is only a reason to ask for the global arrays: at once when it changed, else on a slow tick.
      const seen = `${marks.owner} ${marks.hooked.map(Number).join("")}`;
      if (seen === seenMarks && nowMs() < checkDueMs) return false;
      seenMarks = seen;
      checkDueMs = nowMs() + hooksCheckMs;
      const held = await readMarks(access, socketPath, context.signal);
      if (held.state !== "done" || held.value.server !== server.pid) return false;
      const whole =
        held.value.owner === owner && FLEET_HOOKS.every(({ hook }) => held.value.hooks.includes(hook));
      return whole ? false : install(server.pid, identity, "erased");
    },
  };

  async function install(server: number, identity: string, reason: "started" | "erased"): Promise<boolean> {
    const outcome = await installMarks(access, socketPath, spoolPath, context.signal);
    // A server that is gone or did not answer is for the next look to tell.
    if (outcome.state === "gone" || outcome.state === "unavailable") return false;
    installedOn = identity;
    checkDueMs = nowMs() + hooksCheckMs;
    if (outcome.state === "refused") {
      refusedOn = identity;
      publishRejectedLine(context, socketPath, "tmux refused the hooks", outcome.reason);
      return false;
    }
    seenMarks = "";
    const hooks = outcome.value;
    const event: NewEvent<"tmux.hooks.installed", PayloadOf<"tmux.hooks.installed">> = {
      type: "tmux.hooks.installed",
      agent: null,
      source: "tmux",
      occurredAtUs: context.clock.nowUs(),
      precision: "us",
      payload: { socket: socketPath, server, reason, hooks },
    };
    context.emit({ source: "tmux", events: [event] });
    return true;
  }
}
