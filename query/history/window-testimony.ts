import type { Piece } from "../../store/chronicle.ts";
import type { Held } from "../../store/chronicle-view.ts";
import type { HookedLife, PaneDocument } from "../planes/documents.ts";
import { NO_PURPOSE } from "../planes/purpose.ts";
import type { Purpose } from "../planes/purpose-document.ts";
import { coverageId } from "../planes/recorder.ts";
import { ownId } from "./cadence.ts";
import type { ClientLine } from "./client-lines.ts";
import { inServerOrder } from "./client-lines.ts";
import type { Sent, Testimony } from "./history.ts";
import { by, horizon, reach, reachOfBeats, timelineOf, untilTold, type WindowInput } from "./horizon.ts";
import { once, remembered, remembered2 } from "./once.ts";
import type { EndPoint } from "./pane-points.ts";
import { inOrder } from "./pane-points.ts";
import { spanAt } from "./span.ts";
import type { Window } from "./sweep.ts";
import type { Timeline } from "./timeline.ts";
import { always, valueAt } from "./timeline.ts";
import type { OwnPaneTold, Told } from "./told.ts";
import { beatsOf } from "./window-beats.ts";
import { mayBeWishedAfter, TOLD_WITHIN_US } from "./wished-ends.ts";

/**
 * The part of what was said that bears on a window. A plane is known in a gap by what stands at its two ends, so each plane is
 * read from the beginning of the gap that the window begins in to the end of the gap that it ends in: within the window a
 * history of this is the history of the whole log.
 */
export function windowTestimony(asked: WindowInput): Testimony {
  const { view, lapsedAtUs, nowUs } = asked;
  const moment = asked.window.fromUs;
  const held = once(() => view.heldAt(moment));
  // Of one moment that is in no gap of a plane, what holds then is all that there is to know.
  const isMoment = moment === untilTold(asked.window.toUs, nowUs) && !isAfterAnEnd(held, moment);
  const input = {
    ...asked,
    window: {
      fromUs: isMoment ? moment : moment - TOLD_WITHIN_US,
      toUs: untilTold(asked.window.toUs, nowUs),
    },
  };
  /** Not all that is asked about needs to know who watched. */
  const wide = once(() => horizon(input));
  const isHeld = ({ fromUs, toUs }: Window): boolean => isMoment && toUs === moment && fromUs >= moment - 1;
  /** Of a moment in a gap whoever asks about everybody reads what every line of a family has in it. */
  const inGap = remembered2((family, gap) => {
    const [fromUs = 0, toUs = 0] = gap.split(" ").map(Number);
    return view.piecesOf(family, fromUs, toUs);
  });
  const ofEverybody = asked.window.fromUs === asked.window.toUs && asked.agents === undefined;
  const piecesOf = (family: string, id: string, { fromUs, toUs }: Window): readonly Piece[] => {
    const all = ofEverybody ? inGap(family, `${fromUs} ${toUs}`) : null;
    return all === null ? view.pieces(family, id, fromUs, toUs) : (all.get(id) ?? []);
  };
  const tell = (family: string, id: string, within: Window): Timeline<unknown> => {
    if (!isHeld(within)) return by(nowUs, timelineOf(piecesOf(family, id, within)));
    const piece = held().piece(family, id);
    return piece === undefined
      ? always(undefined)
      : { fromUs: [-Infinity, piece.fromUs], values: [undefined, piece.value] };
  };

  const around = remembered((id: string): Window => {
    const [source = "", ...scope] = id.split(" ");
    const { fromUs, toUs } = reach(wide(), source, scope.join(" "), input.window);
    return { fromUs, toUs: untilTold(toUs, nowUs) };
  });
  /** What a line tells of the second at a gap's edge a look may have told. */
  const ofClients = (socket: string): Window => {
    const { fromUs, toUs } = socket === "" ? everySocket() : around(coverageId("tmux", socket));
    return { fromUs: fromUs - TOLD_WITHIN_US, toUs: untilTold(toUs + TOLD_WITHIN_US, nowUs) };
  };
  const everySocket = once((): Window => {
    const all = wide()
      .coverage.scopes("tmux")
      .map((socket) => around(coverageId("tmux", socket)));
    return {
      fromUs: Math.min(input.window.fromUs, ...all.map(({ fromUs }) => fromUs)),
      toUs: Math.max(input.window.toUs, ...all.map(({ toUs }) => toUs)),
    };
  });
  const windowOf = (family: string, id: string): Window => {
    const socket = id.slice(0, Math.max(0, id.indexOf("\n")));
    switch (family) {
      case "server":
        return around(coverageId("tmux", id));
      case "unit":
        return around(coverageId("systemd", ""));
      case "process":
        return around(coverageId("process", ""));
      case "coverage":
        return wide().window;
      // Boots are told apart by the first word of each.
      case "manager":
        return ALWAYS;
      case "client":
        return ofClients(socket);
      case "pane":
        return socket === "" ? input.window : around(coverageId("tmux", socket));
      default:
        return input.window;
    }
  };
  const sockets = new Map<string, string[]>();
  for (const { id } of [...view.lines("own", -Infinity), ...view.lines("hooked", -Infinity)]) {
    const at = id.indexOf("\n");
    const known = sockets.get(id.slice(0, at));
    if (known === undefined) sockets.set(id.slice(0, at), [id.slice(at + 1)]);
    else if (!known.includes(id.slice(at + 1))) known.push(id.slice(at + 1));
  }
  const told: Told = {
    of: remembered2((family, id) => {
      const within = windowOf(family, id);
      const timeline = tell(family, id, within);
      return family === "pane" ? withActivity(timeline, tell("activity", id, within)) : timeline;
    }),
    ids: remembered((family) => {
      const within = windowOf(family, "\n");
      // What holds something later only holds nothing now.
      if (isHeld(within)) return held().ids(family);
      return view.lines(family, within.fromUs).map(({ id }) => id);
    }),
    owners: [...sockets.keys()],
    sockets: (agent) => sockets.get(agent) ?? NONE,
    ownPane: remembered2((agent, socket) => {
      const own = tell("own", ownId(agent, socket), around(coverageId("tmux", socket)));
      return { fromUs: own.fromUs, values: own.values.map((value) => (value ?? null) as OwnPaneTold | null) };
    }),
    hooked: remembered2(
      (agent, socket) =>
        tell("hooked", ownId(agent, socket), around(coverageId("tmux", socket))) as Timeline<
          HookedLife | undefined
        >,
    ),
  };

  // Of an end that is told in whole seconds it matters what was wanted in the rest of its second.
  const wishes = once((): Window => {
    const isWatched = (scope: string) => spanAt(wide().coverage.spans("tmux", scope), moment) !== null;
    return isMoment && wide().coverage.scopes("tmux").every(isWatched)
      ? input.window
      : { ...input.window, toUs: untilTold(input.window.toUs + TOLD_WITHIN_US, nowUs) };
  });

  const ofBeats = once((): Window => {
    const { fromUs, toUs } = reachOfBeats(wide(), input.window);
    return { fromUs, toUs: untilTold(toUs, nowUs) };
  });
  const beats = once(() => beatsOf(input, ofBeats()));
  /** What was wanted later in a gap tells what may have been there before (see `later-lives.ts`). */
  const wanted = once((): Window => {
    const { fromUs, toUs } = wishes();
    return isHeld({ fromUs, toUs }) ? { fromUs, toUs } : { fromUs, toUs: Math.max(toUs, ofBeats().toUs) };
  });
  return {
    told,
    momentUs: isMoment ? moment : null,
    chronology: {
      effectUs: (event, statedUs) => beats().chronology.effectUs(event, statedUs),
      foundUs: (event) => beats().chronology.foundUs(event),
      get unlived() {
        return wide().unlived;
      },
    },
    get coverage() {
      return wide().coverage;
    },
    lapsedAtUs,
    get beating() {
      return beats().agents();
    },
    points: remembered((socket) => {
      const { fromUs, toUs } = around(coverageId("tmux", socket));
      const found = view
        .happened("point", socket, fromUs - TOLD_WITHIN_US, toUs)
        .map(({ atUs, value }) => ({ ...(value as EndPoint), atUs: Math.min(atUs, nowUs) }));
      return inOrder(found);
    }),
    clientLines: remembered((socket) => {
      const { fromUs, toUs } = ofClients(socket);
      const found = view
        .happened("client", socket, fromUs, toUs)
        .map(({ atUs, value }) => ({ ...(value as ClientLine), atUs: Math.min(atUs, nowUs) }));
      return inServerOrder(found);
    }),
    purpose: remembered((agent) => {
      const { fromUs, values } = tell("purpose", agent, wanted());
      return { fromUs, values: values.map((value) => (value ?? NO_PURPOSE) as Purpose) };
    }),
    beats: (agent) => beats().of(agent),
    sends: (agent) => sendsTo(asked, agent),
  };
}

/** For them no other word is needed. */
export function sendsTo(
  { view, window, nowUs }: Pick<WindowInput, "view" | "window" | "nowUs">,
  agent: string,
): Sent[] {
  return view
    .happened("sent", agent, window.fromUs, untilTold(window.toUs, nowUs))
    .map(({ atUs, seq }) => ({ atUs: Math.min(atUs, nowUs), seq }))
    .sort((a, b) => a.atUs - b.atUs || a.seq - b.seq);
}

/** Whether an end that stands then is told in whole seconds, of which some are left. */
function isAfterAnEnd(held: () => Held, moment: number): boolean {
  const ends = (family: string, endOf: (value: unknown) => number | undefined) =>
    held()
      .ids(family)
      .some((id) => mayBeWishedAfter(endOf(held().piece(family, id)?.value), moment));
  return (
    ends("own", (value) => (value as OwnPaneTold | null)?.pane.endedByUs) ||
    ends("hooked", (value) => {
      const { died, closed } = value as HookedLife;
      return (died ?? closed)?.byUs;
    })
  );
}

const NONE: readonly string[] = [];

const ALWAYS: Window = { fromUs: -Infinity, toUs: Infinity };

/** A pane's output is told apart from the pane: of the two the later word of the log stands. */
function withActivity(panes: Timeline<unknown>, activity: Timeline<unknown>): Timeline<unknown> {
  if (activity.fromUs.length === 1) return panes;
  const moments = [...new Set([...panes.fromUs, ...activity.fromUs])].sort((a, b) => a - b);
  const values = moments.map((atUs) => {
    const pane = valueAt(panes, atUs) as PaneDocument | undefined;
    const [seq, activityAtUs] = (valueAt(activity, atUs) as [number, number] | undefined) ?? [0, 0];
    return pane !== undefined && seq > pane.seq ? { ...pane, activityAtUs } : pane;
  });
  return { fromUs: moments, values };
}
