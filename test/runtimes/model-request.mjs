// What a request to the mock model server says, in each of the three dialects, and which tool it is answered with.

const flat = (c) =>
  typeof c === "string"
    ? c
    : Array.isArray(c)
      ? c
          .map((p) => p.text ?? p.content ?? "")
          .filter((x) => typeof x === "string")
          .join("\n")
      : "";
/** The newest text of the user, and all of them. */
export function lastUser(api, b) {
  const list =
    api === "responses"
      ? Array.isArray(b.input)
        ? b.input
        : [{ role: "user", content: b.input }]
      : b.messages || [];
  const users = list.filter((m) => m.role === "user" && (m.type === undefined || m.type === "message"));
  const texts = users
    .map((m) =>
      flat(Array.isArray(m.content) ? m.content.filter((p) => p.type !== "tool_result") : m.content),
    )
    .filter(Boolean);
  return { last: texts.at(-1) ?? "", all: texts };
}
/** Whether the newest item is a tool's result: the turn then ends with a text. */
export function afterTool(api, b) {
  // is the newest item a tool result? then the turn ends with a text
  const list = api === "responses" ? b.input : b.messages;
  if (!Array.isArray(list)) return false;
  for (let i = list.length - 1; i >= 0; i--) {
    const m = list[i];
    if (m.role === "system" || m.role === "developer") continue;
    if (/_output$/.test(m.type || "") || m.role === "tool") return true;
    const parts = Array.isArray(m.content)
      ? m.content.filter((p) => !(p.type === "text" && /^<system-reminder>/.test(p.text)))
      : [];
    return parts.at(-1)?.type === "tool_result";
  }
  return false;
}
const toolNames = (b) => (b.tools || []).map((t) => t.name ?? t.function?.name ?? t.type);
/** The call that this mode asks for, of the tools that the runtime offers. */
export function pickTool(b, m) {
  const names = toolNames(b);
  const has = (...n) => n.find((x) => names.includes(x));
  const command = m.command || "sleep 5; echo finished";
  const file = m.file || "notes.txt",
    content = m.content || "one\ntwo\nthree\n";
  if (m.mode === "bash") {
    const n = has("Bash", "exec_command", "shell_command", "shell", "bash", "local_shell");
    if (n === "exec_command")
      return {
        name: n,
        args: {
          cmd: command,
          yield_time_ms: 15000,
          ...(m.escalate ? { sandbox_permissions: "require_escalated", justification: m.escalate } : {}),
        },
      };
    if (n === "shell") return { name: n, args: { command: ["bash", "-lc", command] } };
    return { name: n, args: { command, description: m.description || "Run the project checks" } };
  }
  if (m.mode === "write") {
    const n = has("Write", "write", "apply_patch");
    if (n === "Write")
      return {
        name: n,
        args: { file_path: process.env.WORKDIR ? `${process.env.WORKDIR}/${file}` : file, content },
      };
    if (n === "write")
      return {
        name: n,
        args: {
          filePath: process.env.WORKDIR ? `${process.env.WORKDIR}/${file}` : file,
          path: file,
          content,
        },
      };
    return {
      name: n,
      custom: true,
      args: `*** Begin Patch\n*** Add File: ${file}\n${content
        .trimEnd()
        .split("\n")
        .map((l) => `+${l}`)
        .join("\n")}\n*** End Patch`,
    };
  }
  if (m.mode === "ask") {
    const q = {
      question: "Which database should the service use?",
      header: "Database",
      options: [
        { label: "SQLite", description: "One file, no server" },
        { label: "Postgres", description: "A server, many writers" },
      ],
    };
    const n = has("AskUserQuestion", "question", "request_user_input");
    if (n === "AskUserQuestion") return { name: n, args: { questions: [{ ...q, multiSelect: false }] } };
    if (n === "request_user_input") return { name: n, args: { questions: [{ id: "database", ...q }] } };
    if (n) return { name: n, args: { questions: [q] } };
  }
  return null;
}
