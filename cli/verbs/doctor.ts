import { hostname } from "node:os";
import { join } from "node:path";
import { openReader } from "../../store/reader.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { checkRoster, checkRunDirectory, checkState } from "../doctor/files.ts";
import { type Finding, ok } from "../doctor/finding.ts";
import { checkJournal, checkSocket, checkSystemd, checkTmux } from "../doctor/machine.ts";
import { checkFleet } from "../doctor/setup.ts";
import { resolveNames, resolvePlaces } from "../environment.ts";
import { EXIT } from "../exit.ts";
import { currentAccount } from "../here.ts";
import type { Paint, Tone } from "../render/colour.ts";
import { isoMoment } from "../render/moment.ts";
import { pad, visible, wrap } from "../render/text.ts";
import { createSocketNames } from "../roster-file.ts";
import { userName } from "../user-name.ts";
import { VERSION } from "../version.ts";

/** `fleet doctor`: everything fleet needs on this host, what is wrong with it, and what to run. Changes nothing. */
export async function run(invocation: Invocation): Promise<number> {
  if (has(invocation, "boot")) return (await import("../doctor/boot.ts")).runBoot(invocation);
  const { output, environment } = invocation;
  const account = currentAccount(environment);
  const places = resolvePlaces(environment, account);
  const names = resolveNames(environment, { ...account, hostname: hostname() });
  const tmuxEnvironment = { PATH: environment.PATH ?? "/usr/local/bin:/usr/bin:/bin", HOME: account.home };
  const user = userName(account.uid);
  const runtimeDirectory = environment.XDG_RUNTIME_DIR || `/run/user/${account.uid}`;

  const tmux = await checkTmux(tmuxEnvironment);
  const rosterEnvironment = {
    socketName: names.socketOverride,
    heartbeatIntervalSeconds: names.intervalSeconds,
  };
  const socketNames = createSocketNames(places.roster, rosterEnvironment)(NO_DOCUMENTS);
  const sockets = socketNames.map((name) => ({ name, path: join(names.tmuxDirectory, name) }));
  const findings: Finding[] = [
    ok("fleet", `${VERSION} on Node ${process.versions.node}`),
    tmux,
    ...(tmux.state === "ok"
      ? await Promise.all(sockets.map((socket) => checkSocket(socket, tmuxEnvironment)))
      : []),
    ...(await checkSystemd(environment, { uid: account.uid, userName: user, runtimeDirectory })),
    await checkJournal(environment, account.uid, nowUs()),
    checkRoster(places.roster),
    checkRunDirectory(places.runDirectory, account.uid),
    ...checkState(places, account.uid),
    ...(await checkFleet({ invocation, account, places, names, sockets, tmuxEnvironment })),
  ];

  if (has(invocation, "json")) {
    const document = {
      schema: "fleet.doctor.v1",
      tenant_id: tenantOf(places.database) ?? names.tenantOverride ?? user,
      host: names.host,
      at: isoMoment(nowUs()),
      findings,
    };
    output.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    output.print(`${formatFindings(findings, output.width(), output.paint).join("\n")}\n`);
  }
  return findings.some(({ state }) => state === "fail") ? EXIT.failed : EXIT.done;
}

const NO_DOCUMENTS = { get: () => undefined, list: () => [] };

function tenantOf(database: string): string | null {
  try {
    const reader = openReader(database);
    try {
      return reader.identity().tenantId;
    } finally {
      reader.close();
    }
  } catch {
    // No log, or one that the findings tell about.
    return null;
  }
}

const LOOKS: Record<Finding["state"], { word: string; tone: Tone }> = {
  ok: { word: "ok", tone: "good" },
  warn: { word: "warn", tone: "warn" },
  fail: { word: "FAIL", tone: "bad" },
};

function formatFindings(findings: readonly Finding[], width: number | null, paint: Paint): string[] {
  const column = Math.max(...findings.map(({ check }) => check.length));
  const indent = 6 + column + 2;
  const room = Math.max(30, (width ?? Number.POSITIVE_INFINITY) - indent);
  const lines = findings.flatMap(({ check, state, found, advice }) => {
    const { word, tone } = LOOKS[state];
    const told = wrap(visible(found), room);
    const head = `${paint(tone, pad(word, 4))}  ${pad(visible(check), column)}  ${told[0] ?? ""}`;
    const rest = told.slice(1).map((line) => " ".repeat(indent) + line);
    const advised =
      advice === null ? [] : wrap(`-> ${visible(advice)}`, room).map((line) => " ".repeat(indent) + line);
    return [head, ...rest, ...advised];
  });
  const wrong = findings.filter(({ state }) => state !== "ok").length;
  return [
    ...lines,
    "",
    wrong === 0 ? "Nothing is wrong." : `${wrong} of ${findings.length} checks want your attention.`,
  ];
}
