import { expect, test } from "vitest";
import {
  askForMessage,
  type HeldMessage,
  newestMessages,
  type SessionLook,
} from "../../../agents/opencode/server.ts";
import { judge } from "../../../agents/send/post.ts";
import { captured } from "../opencode/captured.ts";

const session = { id: "ses_de9a9d5f2ffePH4BAW3Hrz6K7s", directory: "/home/dev/project" } as SessionLook;
const behind = captured("posted-behind").body?.messageID as string;
/** A server that answers as it was captured. */
const said = (name: string) => ({
  ask: () => Promise.resolve({ status: captured(name).status, json: captured(name).json as unknown }),
  close: () => undefined,
});
const held = async (name: string) => (await askForMessage(said(name), session, behind)) as HeldMessage;
const newest = (name: string) => newestMessages(said(name), session, 6);
const judged = async (name: string, busy: boolean, acks: { what: string; queued: boolean }[] = []) =>
  judge({
    held: await held("held-behind"),
    newest: await newest(name),
    acks,
    session: { busy },
    text: "Then run it",
  });

test("what the server holds is accepted by its id, and queued while a turn before it runs", async () => {
  expect(await judged("newest-queued", true)).toEqual({
    verdict: {
      verdict: "accepted",
      proof: "id",
      queued: true,
      because: `the runtime holds it as ${behind}, behind the running turn`,
    },
    takenUp: false,
  });
});

test("a turn that began between the look and the post is seen: the message is queued behind it", async () => {
  expect(await judged("newest-queued", false)).toMatchObject({ verdict: { queued: true } });
});

test("what is answered already is not queued, however busy the session was before", async () => {
  expect(await judged("newest-answered", true)).toMatchObject({ verdict: { queued: false }, takenUp: true });
});

test("whether it is queued is the runtime's own word where that has come", async () => {
  const received = (queued: boolean) => [{ what: "received", queued }];
  expect(await judged("newest-queued", false, received(false))).toMatchObject({ verdict: { queued: false } });
  const own = (await newest("newest-queued")).filter(({ id }) => id === behind);
  const seen = { held: own[0] as HeldMessage, newest: own, session: { busy: false }, text: "Then run it" };
  expect(judge({ ...seen, acks: received(true) })).toMatchObject({ verdict: { queued: true } });
  expect(judge({ ...seen, acks: [] })).toMatchObject({ verdict: { queued: false }, takenUp: false });
  const both = [...received(true), { what: "taken-up", queued: false }];
  expect(judge({ ...seen, acks: both })).toMatchObject({ verdict: { queued: false }, takenUp: true });
});

test("a text that something in the runtime has changed is held all the same, and that is said", async () => {
  const seen = { held: await held("held-behind"), newest: [], acks: [], session: { busy: false } };
  expect(judge({ ...seen, text: "then run it" }).verdict).toMatchObject({
    verdict: "accepted",
    because: expect.stringContaining("with another text"),
  });
});

test("the server's 204 to an agent that there is not leaves no message behind", async () => {
  expect(captured("lost").status).toBe(204);
  expect(await askForMessage(said("lost-message"), session, "msg_1")).toBe("absent");
  expect(await askForMessage(said("no-permission"), session, "msg_1")).toBeNull();
});
