import { expect, test } from "vitest";
import { handsOf, wasTouched } from "../../../agents/send/hands.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";

let seq = 0;
const event = (type: string, occurredAtUs: number, payload: object, agent = "coder0"): StoredEvent =>
  ({ seq: ++seq, agent, type, schemaVersion: 1, occurredAtUs, payload }) as unknown as StoredEvent;
const client = { socket: "/tmp/s", server: 7, session: "$1", client: "/dev/pts/3" };

test("a hand is on an agent from its attach to its detach, by fleet or by tmux alone, each for itself", () => {
  const hands = handsOf([
    event("operator.attached", 10, { pid: 1 }),
    event("tmux.client.attached", 11, client),
    event("message.requested", 12, { message: "m" }),
    event("tmux.client.attached", 15, { ...client, client: "/dev/pts/4" }),
    event("tmux.client.detached", 20, client),
    event("operator.detached", 21, { pid: 1 }),
    event("operator.detached", 22, { pid: 99 }),
  ]);
  expect(hands).toEqual([
    { agent: "coder0", fromUs: 11, untilUs: 20 },
    { agent: "coder0", fromUs: 10, untilUs: 21 },
    { agent: "coder0", fromUs: 15, untilUs: Number.POSITIVE_INFINITY },
  ]);
});

test("an attach whose end nobody told goes on, and what is said again of it does not begin it anew", () => {
  const hands = handsOf([
    event("tmux.client.attached", 10, client),
    event("tmux.client.attached", 30, client),
    event("operator.attached", 5, { pid: 1 }, "coder1"),
  ]);
  expect(wasTouched(hands, "coder0", 12, 13)).toBe(true);
  expect(wasTouched(hands, "coder0", 8, 9)).toBe(false);
  expect(wasTouched(hands, "coder1", 1_000_000, 1_000_001)).toBe(true);
  expect(wasTouched(hands, "coder2", 12, 13)).toBe(false);
});
