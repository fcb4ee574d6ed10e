// One runtime through all of its states, inside a namespace that `main.ts` has made. `--only=states,trace,acks,idle,busy,killed,posted` runs parts of it.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { markAcks, readAcks } from "../../agents/acks/acks.ts";
import { digestOfPrompt } from "../../agents/acks/normal-text.ts";
import { readShown } from "../../agents/acks/shown-session.ts";
import { type CliSetup, cliSetups } from "./cli-setups.ts";
import { type Lab, openLab } from "./lab.ts";

const UID = process.getuid?.() ?? 0;
const runtime = process.argv[2];
const setup = cliSetups.find((one) => one.runtime === runtime);
if (setup === undefined) throw new Error(`no runtime is called ${runtime}`);
const results: { what: string; ok: boolean; note: string }[] = [];

/** Goes before what is told of a runtime that has a server beside its screen. */
let how = "";

function tell(about: string, ok: boolean, note = ""): void {
  const what = `${how}${about}`;
  results.push({ what, ok, note });
  console.log(`${setup?.runtime.padEnd(8)} ${ok ? "ok    " : "FAILED"} ${what.padEnd(34)} ${note}`);
}

/** The status column becomes what it should be, within this time, and then stays so for a while. */
async function expectStatus(
  lab: Lab,
  what: string,
  status: string,
  within = 60_000,
  steadyMs = 1200,
): Promise<void> {
  const begun = performance.now();
  let seen = lab.row();
  const path: string[] = [seen.status];
  while (seen.status !== status && performance.now() - begun < within) {
    await pause(40);
    seen = lab.row();
    if (path.at(-1) !== seen.status) path.push(seen.status);
  }
  const after = Math.round(performance.now() - begun);
  let ok = seen.status === status;
  const steadyUntil = performance.now() + steadyMs;
  while (ok && performance.now() < steadyUntil) {
    await pause(100);
    const next = lab.row();
    if (next.status !== status) {
      ok = false;
      path.push(`then ${next.status}`);
    }
  }
  const { evidence, reason } = seen.heartbeat;
  tell(
    what,
    ok,
    `${status} after ${after} ms (${path.join(" > ")}; ${evidence ?? "-"}${reason ? `, ${reason}` : ""})`,
  );
  if (!ok) console.log(lab.screen());
}

const ANSWER = { mode: "text", delay: 200, text: "Understood." };

async function states(lab: Lab): Promise<void> {
  if (setup === undefined) return;
  await expectStatus(lab, "ready", "healthy", 30_000);
  const checked = lab.fleet("hooks", "check", setup.runtime);
  tell("its hooks are in force", checked.code === 0, checked.stdout.trim().replace(/\s+/g, " "));
  tell("runtime is recognised", lab.row().drift.state === "no", `${lab.row().drift.actual}`);

  const probed = lab.fleet("ps", "--probe", "--wait", "10000", "--json", lab.name);
  const [answer] = JSON.parse(probed.stdout).probe.answers;
  tell("probe answered while at rest", answer.answered, `${answer.after_ms} ms`);

  await lab.mode({ mode: "slow", ms: 9000 });
  await lab.say("Explain the build in detail");
  await expectStatus(lab, "busy while it streams", "busy", 30_000, 2500);
  const busy = JSON.parse(lab.fleet("ps", "--probe", "--wait", "10000", "--json", lab.name).stdout).probe
    .answers[0];
  tell("probe answered while busy", busy.answered, `${busy.after_ms} ms`);
  await expectStatus(lab, "at rest after the turn", "healthy");

  await lab.mode({ mode: "slow", ms: 30_000 });
  await lab.say("Explain it once more");
  await expectStatus(lab, "busy again", "busy", 30_000);
  await lab.keys(...setup.interrupt);
  await expectStatus(lab, "at rest after the interruption", "healthy");
  await lab.wipe();

  await lab.mode(setup.permission);
  await lab.say("Run the checks");
  await lab.until(setup.permissionScreen);
  // Longer than a heartbeat counts: it waits for as long as nobody answers.
  await expectStatus(lab, "waiting for a permission", "waiting", 30_000, 18_000);
  await lab.keys(...setup.approve);
  await expectStatus(lab, "busy while the approved tool runs", "busy", 30_000);
  await expectStatus(lab, "at rest after the tool", "healthy");

  await lab.mode(setup.permission);
  await lab.say("Run the checks again");
  await lab.until(setup.permissionScreen);
  await expectStatus(lab, "waiting for another permission", "waiting", 30_000);
  await lab.keys(...setup.deny);
  await lab.mode(ANSWER);
  await expectStatus(lab, "at rest after the denial", "healthy");
  await lab.wipe();

  if (setup.asks) {
    await lab.mode({ mode: "ask" });
    await lab.say("Which database do we need?");
    await lab.until(/Which database should/);
    await expectStatus(lab, "waiting for an answer", "waiting", 30_000, 18_000);
    await lab.keys("Enter");
    await expectStatus(lab, "at rest after the answer", "healthy");
  }
  for (const status of [401, 429, 500]) {
    await lab.mode({ mode: "status", status, message: `error ${status}` });
    await lab.say(`Try the request number ${status}`);
    if (setup.retries.includes(status)) {
      await expectStatus(lab, `busy while it retries after ${status}`, "busy", 30_000, 2000);
      await lab.mode(ANSWER);
      await lab.keys(...setup.interrupt);
    } else {
      // Into the turn first, so that rest is not that of before.
      await pause(1500);
    }
    await expectStatus(lab, `at rest after ${status}`, "healthy", 45_000);
    await lab.wipe();
  }
  await lab.mode(ANSWER);
}

const KINDS: readonly ((n: number) => string)[] = [
  (n) => `Message ${n}: check the file`,
  (n) => `Message ${n}: first\nsecond line\n\nlast of it`,
  (n) => `Message ${n}: naïve 日本語 🙂 — “quotes”`,
  (n) => `Message ${n}: $HOME \`id\` $(id) 'a' "b" \\n;`,
  (n) => `Message ${n}: ${"lorem ipsum dolor ".repeat(280)}end${n}`,
  (n) => Array.from({ length: 40 }, (_, row) => `Message ${n} row ${row}`).join("\n"),
];
const keyOf = (text: string): string => (text.split(/\n| row/)[0] as string).slice(0, 40);

/** Whether the model server was asked with this text since that request. */
async function hasReached(lab: Lab, text: string, since: number): Promise<boolean> {
  const requests = await lab.requestsSince(since);
  return requests.some((one) => one.main && one.all?.some((said) => said.includes(keyOf(text))));
}

/** Waits until it is so, as long as a machine may take that has much else to do. Whoever asks sees from the answer whether it came. */
async function comes(what: () => boolean | Promise<boolean>, within = 60_000): Promise<boolean> {
  const endAt = performance.now() + within;
  for (;;) {
    if (await what()) return true;
    if (performance.now() > endAt) return false;
    await pause(50);
  }
}

const restOf = (lab: Lab): Promise<boolean> => comes(() => lab.row().status === "healthy");

/** A turn that runs: the model server was asked, and the column says so. */
async function warmUp(lab: Lab, text: string, ms: number, via = "typed"): Promise<boolean> {
  const before = await lab.lastRequest();
  await lab.mode({ mode: "slow", ms });
  if (via === "typed") await lab.say(text);
  else lab.fleet("send", lab.name, text, "--verify");
  const isAsked = await comes(() => hasReached(lab, text, before));
  return isAsked && (await comes(() => lab.row().status === "busy", 20_000));
}

/** `fleet send --verify`, at rest and behind a running turn: its verdict is what the model server received. */
async function sends(lab: Lab, count: number, isBusy: boolean, via = "typed"): Promise<void> {
  const verdicts = new Map<string, number>();
  let wrong = 0;
  let accepted = 0;
  const after: number[] = [];
  for (let n = 1; n <= count; n += 1) {
    // Every text stands once in the whole conversation, which each request repeats.
    const number = n + (isBusy ? 2000 : 1000) + (via === "typed" ? 0 : 2000);
    if (isBusy && !(await warmUp(lab, `Warm up ${number}, please explain`, 6000, via))) {
      console.log(`  message ${number}: no turn to send it behind; once more`);
      await restOf(lab);
      if (!(await warmUp(lab, `Warm up ${number} again, please explain`, 12_000, via))) wrong += 1;
    }
    await lab.mode(ANSWER);
    const text = (KINDS[n % KINDS.length] as (n: number) => string)(number);
    const before = await lab.lastRequest();
    const begun = performance.now();
    const { code, stdout, stderr } = lab.fleet("send", lab.name, text, "--verify", "--json");
    after.push(performance.now() - begun);
    const reached = await comes(() => hasReached(lab, text, before), code === 0 ? 60_000 : 15_000);
    const sent = stdout === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
    const isQueued = sent.queued === true ? ", queued" : "";
    const verdict = code === 0 ? `accepted${isQueued} by ${sent.proof}` : `${code}`;
    const isAsWanted = sent.via === via && (sent.queued === true) === (via !== "typed" && isBusy);
    if (via !== "typed" && !isAsWanted) wrong += 1;
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    if (code === 0) accepted += 1;
    if ((code === 0) !== reached || (via !== "typed" && !isAsWanted)) {
      if ((code === 0) !== reached) wrong += 1;
      console.log(
        `  message ${number}: reached ${reached}, verdict ${code} ${JSON.stringify(sent)} ${stderr}`,
      );
    }
    await restOf(lab);
    await pause(300);
  }
  const sorted = after.map(Math.round).sort((a, b) => a - b);
  const told = [...verdicts].map(([verdict, times]) => `${verdict} ${times}`).join(", ");
  tell(
    `${count} ${via === "typed" ? "sends" : "posts"} ${isBusy ? "while busy" : "at rest"}`,
    wrong === 0 && accepted === count,
    `${told}; wrong ${wrong}; ${sorted[0]}/${sorted[sorted.length >> 1]}/${sorted.at(-1)} ms`,
  );
}

/** What the runtime acknowledges, against what the model server received. */
async function acknowledgements(lab: Lab, count: number): Promise<void> {
  const figures = { received: 0, takenUp: 0, reached: 0, wrong: 0, after: [] as number[], queued: 0 };
  for (let n = 1; n <= count; n += 1) {
    const isBusy = n % 5 === 0;
    if (isBusy) await warmUp(lab, `Warm up ${n}, please explain`, 6000);
    await lab.mode(ANSWER);
    const text = (KINDS[n % KINDS.length] as (n: number) => string)(n);
    const digest = digestOfPrompt(text);
    const before = await lab.lastRequest();
    const mark = markAcks(lab.run, lab.name, UID);
    await lab.say(text);
    const saidAt = Date.now();
    let acks = readAcks(lab.run, lab.name, UID, mark);
    let reached = false;
    const what = (word: string) => acks.find((ack) => ack.sha256 === digest && ack.what === word);
    while (Date.now() - saidAt < 60_000 && !(what("received") && what("taken-up") && reached)) {
      await pause(50);
      acks = readAcks(lab.run, lab.name, UID, mark);
      reached = await hasReached(lab, text, before);
    }
    const received = what("received");
    if (received) figures.received += 1;
    if (received) figures.after.push(received.atMs - saidAt);
    if (received?.queued) figures.queued += 1;
    if (what("taken-up")) figures.takenUp += 1;
    if (reached) figures.reached += 1;
    if (Boolean(what("taken-up")) !== reached) {
      figures.wrong += 1;
      console.log(
        `  message ${n}: reached ${reached}, acks ${acks.map((ack) => `${ack.what} ${ack.sha256.slice(0, 8)}`)}; ours ${digest.slice(0, 8)}`,
      );
    }
    await restOf(lab);
    await pause(isBusy ? 1500 : 300);
  }
  const sorted = figures.after.sort((a, b) => a - b);
  tell(
    `${count} messages acknowledged`,
    figures.received === count && figures.wrong === 0 && figures.reached === count,
    `reached ${figures.reached}, received ${figures.received}, taken up ${figures.takenUp}, queued ${figures.queued}; ${sorted[0]}/${sorted[sorted.length >> 1]}/${sorted.at(-1)} ms`,
  );
}

/** The trace context of a message, at what its turn starts. */
async function trace(lab: Lab): Promise<void> {
  if (setup?.traces === undefined) return;
  const [given, file] = [
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    join(lab.project, "trace.txt"),
  ];
  const command = `printf '%s' "$TRACEPARENT" > ${file}`;
  for (const [text, traceparent] of [
    ["Run the traced checks", given],
    ["Run the checks of nobody", ""],
  ] as const) {
    rmSync(file, { force: true });
    const before = await lab.lastRequest();
    await lab.mode({ mode: "bash", command, description: text });
    const words = traceparent === "" ? [] : ["--traceparent", traceparent];
    const { code, stderr } = lab.fleet("send", lab.name, text, "--verify", ...words);
    if (code !== 0) console.log(stderr);
    await lab.until(setup.permissionScreen);
    await lab.mode(ANSWER);
    await lab.keys(...setup.approve);
    const ran = await comes(() => existsSync(file));
    await restOf(lab);
    const found = ran ? readFileSync(file, "utf8") : "no file";
    const what = traceparent === "" ? "no trace" : "its trace";
    tell(`a command has ${what}`, found === traceparent, found);
    if (setup.traces.includes("requests")) {
      const asked = (await lab.requestsSince(before)).filter(({ main }) => main);
      const headers = [...new Set(asked.map((one) => one.traceparent ?? ""))];
      tell(`requests have ${what}`, headers.length === 1 && headers[0] === traceparent, headers.join(" "));
    }
  }
}

/** `fleet send` where the runtime has a server: posted under an id of ours, into the session that is shown, or typed and said why. */
async function posts(lab: Lab): Promise<void> {
  if (setup === undefined) return;
  const send = (text: string) => {
    const { stdout, stderr } = lab.fleet("send", lab.name, text, "--verify", "--json");
    return (stdout === "" ? { stderr } : JSON.parse(stdout)) as Record<string, unknown>;
  };
  await lab.mode(ANSWER);
  const start = await lab.lastRequest();
  const first = send("Message 5000: no session is shown yet");
  const note = String(first.remarks);
  tell("typed while no session is shown", first.via === "typed" && /shows no session/.test(note), note);
  await comes(() => hasReached(lab, "Message 5000: no session is shown yet", start));
  const shown = await comes(() => readShown(lab.run, lab.name, UID)?.session?.startsWith("ses_") === true);
  tell("the session that it shows is known", shown);
  await restOf(lab);
  // Its first turn is followed by work of its own, in which its server takes seconds to answer anything.
  let inARow = 0;
  await comes(async () => {
    const begun = performance.now();
    const port = /--port (\d+)/.exec(setup.serving ?? "")?.[1];
    await (
      await fetch(`http://127.0.0.1:${port}/global/health`, { headers: { connection: "close" } })
    ).text();
    inARow = performance.now() - begun < 200 ? inARow + 1 : 0;
    return inARow >= 20;
  });
  await sends(lab, 30, false, "prompt_async");
  await sends(lab, 30, true, "prompt_async");

  const ledger = (): { state: string; queued: boolean; via: string }[] =>
    JSON.parse(lab.fleet("messages", lab.name, "--limit", "200", "--json").stdout).messages;
  // What makes a turn to queue behind was posted to a runtime at rest.
  const queued = () => ledger().filter((one) => one.via === "prompt_async" && one.queued);
  const areTakenUp = await comes(() => queued().every(({ state }) => state === "taken-up"));
  tell("queued posts are taken up", areTakenUp && queued().length === 30, `${queued().length} queued`);

  await lab.keys("h", "a", "l", "f");
  const before = await lab.lastRequest();
  const beside = send("Message 5001: beside a draft");
  const isBeside = await comes(() => hasReached(lab, "Message 5001: beside a draft", before));
  await restOf(lab);
  const hasDraft = /┃ {2}half\s*$/m.test(lab.screen());
  const isPosted = beside.verdict === "accepted" && beside.via === "prompt_async";
  tell("a draft is not touched", isPosted && isBeside && hasDraft, `${beside.verdict}, ${beside.because}`);
  await lab.wipe();

  await lab.mode(setup.permission);
  await lab.say("Run the checks before the post");
  await lab.until(setup.permissionScreen);
  await expectStatus(lab, "waiting before a post", "waiting", 30_000, 7000);
  const asked = await lab.lastRequest();
  const behind = send("Message 5002: behind a permission");
  const isHeldBack = !(await comes(() => hasReached(lab, "Message 5002: behind a permission", asked), 3000));
  const isRefused = behind.verdict === "refused" && behind.kind === "prompt";
  tell("a permission is not posted behind", isRefused && isHeldBack, `${behind.verdict}, ${behind.because}`);
  await lab.keys(...setup.deny);
  await lab.mode(ANSWER);
  await restOf(lab);
}

async function killed(lab: Lab): Promise<void> {
  process.kill(lab.panePid(), "SIGKILL");
  const begun = performance.now();
  let row = lab.row();
  while (!["failed", "dead"].includes(row.status) && performance.now() - begun < 20_000) {
    await pause(50);
    row = lab.row();
  }
  tell("killed is told", ["failed", "dead"].includes(row.status), `${row.status}, ${row.status_reason}`);
}

const want = (part: string): boolean => {
  const only = process.argv.find((word) => word.startsWith("--only="));
  return only === undefined || only.slice(7).split(",").includes(part);
};

async function inLab(own: CliSetup, parts: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await openLab(own);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void lab.close().then(() => process.exit(130)));
  }
  try {
    await lab.start();
    await parts(lab);
  } catch (error) {
    tell("the scenario ran to its end", false, String(error));
    console.log(lab.screen());
  } finally {
    await lab.close();
  }
}

if (["states", "trace", "acks", "idle", "busy", "killed"].some(want)) {
  await inLab(setup, async (lab) => {
    if (want("states")) await states(lab);
    if (want("trace")) await trace(lab);
    if (want("acks")) await acknowledgements(lab, 30);
    if (want("idle")) await sends(lab, 30, false);
    if (want("busy")) await sends(lab, 30, true);
    if (want("killed")) await killed(lab);
  });
}
const { serving } = setup;
if (serving !== undefined && ["states", "trace", "posted"].some(want)) {
  how = "serving: ";
  await inLab({ ...setup, command: serving }, async (lab) => {
    if (want("posted")) await posts(lab);
    if (want("trace")) await trace(lab);
    if (want("states")) await states(lab);
  });
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
