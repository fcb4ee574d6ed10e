import { describe, expect, test } from "vitest";
import { parseShown } from "../../../agents/acks/shown-session.ts";
import type { Connection } from "../../../agents/opencode/connection.ts";
import { mayPost, shownBy } from "../../../agents/opencode/may-post.ts";
import { lookAtSession, type SessionLook } from "../../../agents/opencode/server.ts";
import { captured as capturedScreen } from "../screens/captured.ts";
import { captured, capturedAnswers } from "./captured.ts";

const session = captured("session").json as { id: string };
const changedBy: Record<string, string> = {
  "/session/status": "status-idle",
  "/permission": "no-permission",
};
/** The captured server; `changed` gives other captured answers for some paths. */
function server(changed: Record<string, string | number | object> = {}): Connection {
  const named: Record<string, string | number | object> = {
    [`/session/${session.id}`]: "session",
    "/question": "no-question",
    "/config/providers": "providers",
    ...changedBy,
    ...changed,
  };
  return {
    ask: (_method, path) => {
      const what = named[path.split("?")[0] as string];
      if (typeof what === "number") return Promise.resolve({ status: what, json: null });
      if (typeof what === "object") return Promise.resolve({ status: 200, json: what });
      const found = capturedAnswers.find(({ name }) => name === what) ?? captured("no-session");
      return Promise.resolve({ status: found.status, json: found.json });
    },
    close: () => undefined,
  };
}
const look = async (changed: Record<string, string | number | object> = {}): Promise<SessionLook> => {
  const found = await lookAtSession(server(changed), session.id);
  if ("because" in found) throw new Error(found.because);
  return found;
};
const screenOf = (name: string) => capturedScreen(`opencode/${name}`).screen;

test("a session is known with its agent, its model, and whether it is busy or asks", async () => {
  expect(await look()).toMatchObject({
    id: session.id,
    directory: "/home/dev/project",
    isChild: false,
    agent: "build",
    model: { id: "coder-large", provider: "local", variant: null },
    modelName: "Coder Large",
    providerName: "Local",
    busy: false,
    asks: null,
  });
  expect(await look({ "/session/status": "status-busy" })).toMatchObject({ busy: true });
  expect(await look({ "/permission": "permission" })).toMatchObject({ asks: "permission" });
  expect(await look({ "/question": "question" })).toMatchObject({ asks: "question" });
});

test("a session that the server does not know, or does not tell of, is not guessed at", async () => {
  expect(await lookAtSession(server(), "ses_another")).toMatchObject({
    because: /does not know the session/,
  });
  expect(await lookAtSession(server({ "/permission": 500 }), session.id)).toMatchObject({
    because: "its server does not say how it stands: it answered 500",
  });
});

describe("a message is posted", () => {
  test.each([
    "idle-after-turn",
    "80-idle-after-turn",
    "busy-streaming",
    "busy-draft",
    "idle-draft",
    "busy-queued",
    "200-question-answered",
  ])("where the screen is at its input row, at rest, busy or with a draft: %s", async (name) => {
    expect(mayPost(await look(), screenOf(name))).toEqual({ may: true });
  });

  test.each(["permission", "question", "exited", "first-run-no-provider"])(
    "and is not while it shows something else: %s",
    async (name) => {
      expect(mayPost(await look(), screenOf(name)).may).toBe(false);
    },
  );

  test("and is not where a person has chosen another agent or model below the input row", async () => {
    const screen = screenOf("idle-after-turn");
    const may = async (changed: Partial<SessionLook>) => mayPost({ ...(await look()), ...changed }, screen);
    expect(await may({ agent: "plan" })).toEqual({
      may: false,
      because: "its input row is set to Build · Coder Large Local, its session to Plan · Coder Large Local",
    });
    expect(await may({ modelName: "Coder Small" })).toMatchObject({ may: false });
    expect(await may({ model: { id: "coder-large", provider: "local", variant: "high" } })).toMatchObject({
      may: false,
    });
    expect(await may({ agent: null })).toMatchObject({ may: false });
  });

  test("and is not into a part of another session, or into another workspace", async () => {
    const screen = screenOf("idle-after-turn");
    expect(mayPost({ ...(await look()), isChild: true }, screen)).toMatchObject({ may: false });
    expect(mayPost({ ...(await look()), workspace: "wrk_1" }, screen)).toMatchObject({ may: false });
  });
});

describe("the session that is shown", () => {
  const started = new Map([[4864, 3537045]]);
  const note = (text: string) => shownBy(parseShown(text), started);
  const line = "ts=2026-11-26T05:30:46.627Z pid=4864 start=3537045 session=ses_de9aa4934ffenRJ2gHJyq26uG0\n";

  test("is that of the pane's own process", () => {
    expect(note(line)).toEqual({ session: "ses_de9aa4934ffenRJ2gHJyq26uG0" });
  });

  test("is not known by another process's note, or by one of an earlier process of this number", () => {
    expect(note(line.replace("4864", "4865"))).toMatchObject({ because: /another process/ });
    expect(note(line.replace("3537045", "3537044"))).toMatchObject({ because: /another process/ });
  });

  test("is none on the start page, and unknown without a whole note", () => {
    expect(note(line.replace(/session=.*/, "session=-"))).toEqual({ because: "it shows no session yet" });
    for (const text of ["", line.trimEnd(), line.replace("ses_", "../"), `${line}${line}`])
      expect(note(text)).toMatchObject({ because: /is not known/ });
  });
});
