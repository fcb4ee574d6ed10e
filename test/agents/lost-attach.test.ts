import { expect, test } from "vitest";
import { type AttachEyes, lostAttaches } from "../../agents/lost-attach.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";

const SECOND = 1_000_000;
const event = (type: string, second: number, payload: object, agent = "coder0"): StoredEvent =>
  ({ agent, type, schemaVersion: 1, occurredAtUs: second * SECOND, payload }) as unknown as StoredEvent;
const act = { verb: "attach", user: "jarvis", pid: 77, pane: "%1" };
const came = event("operator.attached", 100, { ...act, socket: "/tmp/s", terminal: "/dev/pts/3" });
const eyes = (changed: Partial<AttachEyes> = {}): AttachEyes => ({
  lives: () => false,
  isJoined: () => false,
  nowUs: 200 * SECOND,
  ...changed,
});

test("an attach whose process is gone has ended when tmux saw its terminal go, or else now", () => {
  expect(lostAttaches([came], eyes())).toMatchObject([
    {
      type: "operator.detached",
      agent: "coder0",
      occurredAtUs: 200 * SECOND,
      payload: { seconds: 100, how: "killed" },
    },
  ]);
  const went = event("tmux.client.detached", 160, { client: "/dev/pts/3" });
  expect(lostAttaches([came, went], eyes())).toMatchObject([
    { occurredAtUs: 160 * SECOND, payload: { pid: 77, seconds: 60 } },
  ]);
  const before = event("tmux.client.detached", 90, { client: "/dev/pts/3" });
  expect(lostAttaches([before, came], eyes())).toMatchObject([{ occurredAtUs: 200 * SECOND }]);
});

test("not while its process lives, its terminal is joined, it is too young to tell, or when it has told so itself", () => {
  expect(lostAttaches([came], eyes({ lives: (pid, atUs) => pid === 77 && atUs === 100 * SECOND }))).toEqual(
    [],
  );
  expect(
    lostAttaches([came], eyes({ isJoined: (agent, on) => agent === "coder0" && on === "/dev/pts/3" })),
  ).toEqual([]);
  expect(lostAttaches([came], eyes({ nowUs: 104 * SECOND }))).toEqual([]);
  expect(lostAttaches([came, event("operator.detached", 150, { ...act, seconds: 50 })], eyes())).toEqual([]);
  // The end of another one is not the end of this.
  expect(lostAttaches([came, event("operator.detached", 150, { ...act, pid: 78 })], eyes())).toHaveLength(1);
  expect(lostAttaches([came, event("operator.detached", 150, act, "coder1")], eyes())).toHaveLength(1);
});
