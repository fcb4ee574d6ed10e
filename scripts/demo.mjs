// `npm start`: what fleet is for, shown on a small real fleet. It starts four agents, records them, kills one, lets
// another fall silent, and shows what the table and the evidence say. Then it leaves nothing behind, or, with
// --keep on a terminal, everything running.
import { setTimeout as pause } from "node:timers/promises";
import { agents, sandboxWorld, userWorld } from "./demo-worlds.mjs";

const deadlineMs = 60_000;

async function openWorld(options) {
  if (process.getuid?.() !== 0) return userWorld();
  try {
    return await sandboxWorld(options);
  } catch (error) {
    console.log(`(no host with a systemd of its own here: ${error.message.trim()})\n`);
    return userWorld();
  }
}

const say = (text) => console.log(`\n# ${text}`);
const typed = (command) =>
  command.map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(" ");

/** Asks `fleet ps --json` until `ready(rows, document)` holds; returns the rows and how long that took. */
async function until(world, what, ready) {
  const started = Date.now();
  let last = "nothing";
  while (Date.now() - started < deadlineMs) {
    const { code, stdout, stderr } = world.run(["fleet", "ps", "--json"]);
    if (code === 0) {
      const document = JSON.parse(stdout);
      const rows = new Map(document.agents.map((row) => [row.name, row]));
      if (ready(rows, document)) return { rows, seconds: (Date.now() - started) / 1000 };
      last = [...rows.values()].map((row) => `${row.name} ${row.status}`).join(", ");
    } else {
      last = stderr.trim();
    }
    await pause(50);
  }
  throw new Error(`${what} was not seen within ${deadlineMs / 1000} s; the last answer was: ${last}`);
}

async function play(world) {
  const show = (command) => {
    console.log(`${world.prompt} ${typed(command)}`);
    world.show(command);
  };
  const step = (command) => {
    console.log(`${world.prompt} ${typed(command)}`);
    const { code, stdout, stderr } = world.run(command);
    if (code !== 0) throw new Error(`${typed(command)}: ${stderr.trim() || stdout.trim()}`);
  };

  say("Four agents in tmux, each started by its unit and beating each second; and the recorder.");
  world.startFleet(step);
  // Where a source cannot be had at all (no user manager, say), its column stays unknown, and nobody waits for it.
  const answered = ({ sources }) => !Object.values(sources).some(({ state }) => state === "absent");
  const known = (row) => row?.status === "healthy" && !row.unknown.includes("drift");
  const recorded = (rows, { observer }) =>
    observer.state === "recording" && answered(observer) && agents.every((name) => known(rows.get(name)));
  const { rows } = await until(world, "a healthy fleet", recorded);

  say("One table over systemd, tmux, the process tree and the heartbeats.");
  show(["fleet", "ps"]);
  console.log("\ncoder1 drifts: the roster says pi, and that is not what runs in its pane.");
  console.log(world.note);

  say("Kill coder0's process; and let reviewer hang: it lives on, but answers no more.");
  const pid = (name) => String(rows.get(name).pane.pid);
  step(["kill", "-KILL", pid("coder0")]);
  const gone = (now) => ["failed", "dead"].includes(now.get("coder0")?.status);
  const killed = await until(world, "the death of coder0", gone);
  console.log(`  coder0 is ${killed.rows.get("coder0").status}: seen after ${killed.seconds.toFixed(1)} s`);
  step(["kill", "-USR1", pid("reviewer")]);
  const hung = await until(
    world,
    "the silence of reviewer",
    (now) => now.get("reviewer")?.status === "stale",
  );
  console.log(
    `  reviewer is stale ${hung.seconds.toFixed(1)} s after the signal: three intervals after its last beat`,
  );

  say("The same table now, and why it says so.");
  show(["fleet", "ps"]);
  console.log("");
  show(["fleet", "why", "coder0"]);
  console.log("");
  show(["fleet", "why", "reviewer"]);
  say("Nothing of it is forgotten: the log behind coder0's row.");
  show(["fleet", "events", "--agent", "coder0", "--limit", "12"]);
}

async function main(args) {
  const unknown = args.filter((arg) => arg !== "--keep");
  if (unknown.length > 0) {
    console.error(`start: unknown option ${unknown[0]}\nstart: npm start, or npm start -- --keep`);
    return 2;
  }
  const keep = args.includes("--keep") && process.stdout.isTTY === true;
  if (args.includes("--keep") && !keep)
    console.log("(--keep is for a terminal: this one is cleaned up at its end)");

  console.log("fleet demo: setting up ...");
  const world = await openWorld({ keep });
  let ending = null;
  const end = () => {
    ending ??= world.end();
    return ending;
  };
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])
    process.once(signal, () => void end().finally(() => process.exit(code)));
  console.log(`fleet demo: on ${world.title}.`);
  try {
    await play(world);
  } catch (error) {
    console.error(`\nfleet demo: ${error.message}`);
    await end();
    return 1;
  }
  if (keep) {
    say("It is left running. Explore it:");
    for (const line of world.explore) console.log(`  ${line}`);
    say("End it, and leave nothing behind:");
    for (const line of world.endIt) console.log(`  ${line}`);
    return 0;
  }
  await end();
  const how = process.stdout.isTTY === true ? "" : " on a terminal";
  say(`All of it is gone again. \`npm start -- --keep\`${how} leaves it running to be explored.`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
