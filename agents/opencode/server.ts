import type { Answer, Connection, NoAnswer } from "./connection.ts";

/** What a server says of one session, as far as a sender needs it. */
export interface SessionLook {
  readonly id: string;
  readonly directory: string;
  /** It belongs to a turn of another session: nobody talks to it. */
  readonly isChild: boolean;
  readonly workspace: string | null;
  /** By whom and what its last message was to be answered; null before its first one. */
  readonly agent: string | null;
  readonly model: { readonly id: string; readonly provider: string; readonly variant: string | null } | null;
  /** What the runtime calls the model and its provider. */
  readonly modelName: string | null;
  readonly providerName: string | null;
  readonly busy: boolean;
  /** A permission or a question that waits for a person. */
  readonly asks: "permission" | "question" | null;
}

/** A message as the server holds it. */
export interface HeldMessage {
  readonly id: string;
  readonly role: string;
  readonly session: string;
  /** Of an answer: to which message. */
  readonly parent: string | null;
  readonly completed: boolean;
  readonly text: string;
}

type Json = Readonly<Record<string, unknown>>;

/** The session as it stands, or why that is not known. */
export async function lookAtSession(
  connection: Connection,
  id: string,
): Promise<SessionLook | { readonly because: string }> {
  const session = await connection.ask("GET", `/session/${id}`);
  if (session.status !== 200) return { because: `its server does not know the session: ${said(session)}` };
  const at = recordOf(session.json);
  const directory = textOf(at.directory) ?? "";
  const place = `?directory=${encodeURIComponent(directory)}`;
  const rest: (Answer | NoAnswer)[] = [];
  // One after another: there is one connection.
  for (const path of ["/session/status", "/permission", "/question", "/config/providers"])
    rest.push(await connection.ask("GET", `${path}${place}`));
  const failed = rest.find(({ status }) => status !== 200);
  if (failed !== undefined) return { because: `its server does not say how it stands: ${said(failed)}` };
  const [status, permissions, questions, providers] = rest.map((one) => (one as Answer).json);
  const model = recordOf(at.model);
  const provider = listOf(recordOf(providers).providers).find((one) => one.id === model.providerID);
  const asksHere = (list: unknown): boolean => listOf(list).some(({ sessionID }) => sessionID === id);
  const modelId = textOf(model.id);
  const known = recordOf(recordOf(provider?.models)[modelId ?? ""]);
  return {
    id,
    directory,
    isChild: typeof at.parentID === "string",
    workspace: textOf(at.workspaceID),
    agent: textOf(at.agent),
    model:
      modelId === null || textOf(model.providerID) === null
        ? null
        : { id: modelId, provider: model.providerID as string, variant: textOf(model.variant) },
    modelName: textOf(known.name),
    providerName: textOf(provider?.name),
    busy: isBusy(status, id),
    asks: asksHere(permissions) ? "permission" : asksHere(questions) ? "question" : null,
  };
}

/** Gives it a message under this id. Of 204 nothing is known but that it was read. */
export function postPrompt(
  connection: Connection,
  session: SessionLook,
  { id, text }: { readonly id: string; readonly text: string },
): Promise<Answer | NoAnswer> {
  const { agent, model, directory } = session;
  const variant = model?.variant ?? null;
  const body = {
    messageID: id,
    ...(agent === null ? {} : { agent }),
    ...(model === null ? {} : { model: { providerID: model.provider, modelID: model.id } }),
    ...(variant === null ? {} : { variant }),
    parts: [{ type: "text", text }],
  };
  return connection.ask(
    "POST",
    `/session/${session.id}/prompt_async?directory=${encodeURIComponent(directory)}`,
    body,
  );
}

/** Whether the server holds the message of this id; null: it gave no answer that says so. */
export async function askForMessage(
  connection: Connection,
  session: SessionLook,
  id: string,
): Promise<HeldMessage | "absent" | null> {
  const place = `?directory=${encodeURIComponent(session.directory)}`;
  const answer = await connection.ask("GET", `/session/${session.id}/message/${id}${place}`);
  if (answer.status === 404) return "absent";
  return answer.status === 200 ? messageOf(answer.json) : null;
}

/** The newest messages of a session, oldest first; none where that cannot be told. */
export async function newestMessages(
  connection: Connection,
  session: SessionLook,
  count: number,
): Promise<HeldMessage[]> {
  const place = `?directory=${encodeURIComponent(session.directory)}&limit=${count}`;
  const answer = await connection.ask("GET", `/session/${session.id}/message${place}`);
  return answer.status === 200 ? listOf(answer.json).flatMap((one) => messageOf(one) ?? []) : [];
}

/** What became of a request that was not answered as it should be, without what was answered. */
export function said(answer: Answer | NoAnswer): string {
  return answer.status === null ? answer.because : `it answered ${answer.status}`;
}

/** Idle sessions are not listed. */
function isBusy(status: unknown, id: string): boolean {
  const type = recordOf(recordOf(status)[id]).type;
  return type !== undefined && type !== "idle";
}

function messageOf(json: unknown): HeldMessage | null {
  const { info, parts } = recordOf(json);
  const { id, role, sessionID, parentID, time } = recordOf(info);
  if (typeof id !== "string" || typeof role !== "string" || typeof sessionID !== "string") return null;
  const texts = listOf(parts).filter(({ type, synthetic }) => type === "text" && synthetic !== true);
  return {
    id,
    role,
    session: sessionID,
    parent: textOf(parentID),
    completed: recordOf(time).completed !== undefined,
    text: texts.map(({ text }) => textOf(text) ?? "").join(""),
  };
}

function recordOf(json: unknown): Json {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Json) : {};
}

function listOf(json: unknown): Json[] {
  return Array.isArray(json) ? json.map(recordOf) : [];
}

function textOf(json: unknown): string | null {
  return typeof json === "string" && json !== "" ? json : null;
}
