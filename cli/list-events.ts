import { FleetError } from "../store/errors.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Partition } from "../store/identity.ts";
import type { Reader } from "../store/reader.ts";
import { nowUs } from "./clock.ts";
import { has, type Invocation, textOf, valuesOf } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { type Here, lookAround, nothingRecorded } from "./here.ts";
import { type HostsShown, hostsShown } from "./hosts-shown.ts";
import { asksForSome, kindsOf, oddKinds } from "./kinds-asked.ts";
import { unknownAmong } from "./known-agents.ts";
import { sayNoSuchAgent } from "./no-such-agent.ts";
import { namedPartition } from "./partition-asked.ts";
import { endingBy, filterUpTo, passedMoment, refuseBeforeTheLog } from "./passed-moment.ts";
import { pickEvents } from "./pick-events.ts";
import { refuseWith } from "./refuse-with.ts";
import { eventJson, formatEvent } from "./render/event.ts";
import { selectionOf } from "./select-events.ts";
import { hintOnTypes } from "./type-hint.ts";

/**
 * `fleet events`: the log, listed and followed. `openLog` gives the log or null; whoever starts fast opens a log of the newest schema without
 * the code that would bring an older one up to date.
 */
export async function listEvents(
  invocation: Invocation,
  openLog: (here: Here) => Promise<Reader | null>,
): Promise<number> {
  const { output, environment } = invocation;
  // What is followed has no end but the reader's.
  refuseWith(invocation, "follow", ["reverse", "at", "until"]);
  refuseHole(invocation);
  const now = nowUs();
  const asked = valuesOf(invocation, "agent");
  // Beside --at they are of that moment, which only the log can tell.
  const given = has(invocation, "at") ? null : selectionOf(invocation, now);
  const here = lookAround(environment);
  const reader = await openLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  let hosts: HostsShown = null;
  const print = (event: StoredEvent): void => {
    const look = { width: output.width(), paint: output.paint, hosts };
    output.print(`${has(invocation, "json") ? eventJson(event) : formatEvent(event, look)}\n`);
  };
  try {
    // What of the log is only read where it is asked for is loaded only then.
    const { declaredThen } = asksForSome(invocation)
      ? await import("./declared-then.ts")
      : { declaredThen: null };
    const { filter, pick, ofKind, horizon, page } = reader.atOnce(() => {
      const { partition, ...placing } = placed(invocation, reader, given, now);
      refuseBeforeTheLog(reader, placing.filter.untilUs);
      if (partition === null) hosts = hostsShown(reader.partitions());
      const ofKind = declaredThen?.(reader, partition, kindsOf(invocation));
      // What is written while the list is printed is left to following, which begins where the list ends.
      const horizon = reader.lastSeq();
      const { agents: named } = placing.filter;
      const some = ofKind?.agents().filter((name) => named?.includes(name) ?? true);
      const listed = { ...endingBy(placing.filter, { beforeSeq: horizon + 1 }), agents: some ?? named };
      const page = pickEvents(reader, listed, placing.pick, has(invocation, "reverse"), ofKind?.fits);
      return { ...placing, ofKind, horizon, page };
    });
    // Of one its events are the answer; of several those of the others would hide that one of them is nobody.
    const unknownOne = asked.length > 1 ? unknownAmong(reader, asked) : null;
    if (unknownOne !== null) return sayNoSuchAgent(output, unknownOne.name, unknownOne.known);
    let count = 0;
    for (const event of page) {
      print(event);
      count += 1;
    }
    if (has(invocation, "follow")) {
      const afterSeq = Math.max(horizon, filter.afterSeq ?? 0);
      const { followUntilInterrupted } = await import("./follow-events.ts");
      return await followUntilInterrupted({
        reader,
        filter: { ...filter, afterSeq },
        fits: ofKind?.fits,
        tick: here.places.tick,
        print,
      });
    }
    if (count > 0) return EXIT.done;
    if (pick.which !== "all" && pick.limit === 0) {
      output.complain("--limit 0 lists no event, whether any matches or not.\n");
      return EXIT.done;
    }
    const unknown = unknownAmong(reader, asked);
    if (unknown !== null) return sayNoSuchAgent(output, unknown.name, unknown.known);
    output.complain(`No event matches.${await hintOnTypes(filter.types)}\n`);
    output.complain(oddKinds(ofKind?.declared() ?? [], invocation, ["was ever", "were"]));
    return EXIT.done;
  } finally {
    reader.close();
  }
}

/** The first so many, and then what is written from now on: all between would be passed over. */
function refuseHole(invocation: Invocation): void {
  if (!["follow", "after", "limit"].every((option) => has(invocation, option))) return;
  throw new FleetError("usage", "--limit with --after and --follow would pass over what lies between", {
    hint: "Leave --limit out: all after that place is printed, and then what is new.",
  });
}

type Selection = ReturnType<typeof selectionOf>;

/** As the log can tell: up to `--at`, from which relative times count then, and of the host that --host and --tenant name. */
function placed(
  invocation: Invocation,
  reader: Reader,
  given: Selection | null,
  now: number,
): Selection & { readonly partition: Partition | null } {
  const text = textOf(invocation, "at");
  const at =
    text === undefined ? null : passedMoment(text, "--at", { reader, output: invocation.output, now });
  const { filter, pick } = given ?? selectionOf(invocation, at?.atUs ?? now, "--at");
  const partition = namedPartition(invocation, reader);
  return {
    filter: { ...endingBy(filter, filterUpTo(at)), ...(partition ?? {}) },
    pick,
    partition,
  };
}
