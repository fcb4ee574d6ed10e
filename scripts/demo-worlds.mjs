// Where the demo plays: a host of its own with a real systemd (root on Linux), the user's own manager with uniquely
// named units, or plain tmux where neither is there. Each world knows how to run a command as its operator, how to
// start the fleet, how to be explored when it is kept, and how to leave nothing behind.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rosterFile = join(root, "examples", "coding", "roster.yaml");
const socket = "mosaic-factory";
export const agents = ["orchestrator", "coder0", "coder1", "reviewer"];

/** Runs a program to its end with a deadline; returns { code, stdout, stderr }, also when it could not be started. */
function run(program, args, { env = process.env, input = "" } = {}) {
  const ended = spawnSync(program, args, {
    env,
    input,
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 1 << 26,
  });
  const code = ended.status ?? 1;
  return { code, stdout: ended.stdout ?? "", stderr: ended.stderr || (ended.error?.message ?? "") };
}

function must(outcome, what) {
  if (outcome.code !== 0) throw new Error(`${what}: ${outcome.stderr.trim() || outcome.stdout.trim()}`);
  return outcome.stdout;
}

/** Whether a process lives; one that only waits to be reaped does not. */
function lives(pid) {
  try {
    return !/^.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** The tmux command that starts one agent's session. */
const agentSession = (name, program, environment) => [
  ...["tmux", "-u", "-L", socket, "new-session", "-d", "-s", name],
  ...Object.entries({ MOSAIC_AGENT_NAME: name, MOSAIC_HEARTBEAT_INTERVAL: "1", ...environment }).flatMap(
    ([key, value]) => ["-e", `${key}=${value}`],
  ),
  ...["python3", program],
];
/** The holder keeps the server alive; a pane whose program failed stays, so that its status can be read. */
const holderSession = [
  ...["tmux", "-u", "-L", socket, "new-session", "-d", "-s", "_holder", "sleep", "infinity"],
  ...[";", "set-option", "-g", "remain-on-exit", "failed"],
];

/** A throw-away host with a systemd of its own. Throws, with the reason, where that cannot be had. */
export async function sandboxWorld({ keep }) {
  if (process.getuid?.() !== 0) throw new Error("this needs root");
  const name = `demo-${randomBytes(3).toString("hex")}`;
  const script = join(root, "scripts", "sandbox.sh");
  const nodeIsPublic = (statSync(process.execPath).mode & 0o005) === 0o005;
  const up = ["up", name, "--hostname", "demo", "--user", "alice:1001"];
  if (nodeIsPublic) up.push("--bind-ro", `${process.execPath}:/opt/node/bin/node`);
  // Kept, the host outlives this process; otherwise it goes with it, whatever ends it.
  if (!keep) up.push("--owner", String(process.pid));
  must(run(script, up), "sandbox");
  const end = async () => void must(run(script, ["down", name]), "sandbox");
  try {
    const inside = must(run(script, ["root", name]), "sandbox").trim();
    const install = [join(root, "scripts", "sandbox-install.sh"), inside];
    must(run("sh", nodeIsPublic ? install : [...install, process.execPath]), "install");
  } catch (error) {
    await end();
    throw error;
  }
  const argv = (command) => ["exec", name, "-u", "alice", "--", ...command];
  const world = {
    title: "a throw-away host with a real systemd, as its user alice",
    prompt: "alice@demo$",
    run: (command, options) => run(script, argv(command), options),
    show: (command) => spawnSync(script, argv(command), { stdio: ["ignore", "inherit", "inherit"] }).status,
    // Every step is a command that an operator would type, so it is shown as it runs.
    startFleet(step) {
      const put = (path, text) =>
        must(
          world.run(["sh", "-c", `umask 077; mkdir -p "\${1%/*}"; cat >"$1"`, "put", path], { input: text }),
          path,
        );
      put("/home/alice/.config/mosaic/fleet/roster.yaml", readFileSync(rosterFile, "utf8"));
      const units = "/home/alice/.config/systemd/user";
      put(
        `${units}/mosaic-tmux-holder.service`,
        unitFile("Holder of the fleet's tmux server", holderSession, ["tmux", "-L", socket, "kill-server"]),
      );
      put(
        `${units}/mosaic-agent@.service`,
        unitFile(
          "Agent %i",
          agentSession("%i", "/opt/fleet/examples/dogfood-agent.py", {}),
          ["tmux", "-L", socket, "kill-session", "-t", "=%i"],
          "mosaic-tmux-holder.service",
        ),
      );
      step(["systemctl", "--user", "daemon-reload"]);
      step([
        "systemctl",
        "--user",
        "enable",
        "--now",
        "--quiet",
        "mosaic-tmux-holder",
        "mosaic-agent@orchestrator",
      ]);
      step(["systemctl", "--user", "start", ...agents.slice(1).map((agent) => `mosaic-agent@${agent}`)]);
      step(["systemd-run", "--user", "--quiet", "--unit=fleet-recorder", "fleet", "record"]);
    },
    note: "orchestrator is enabled; the other three run but would not come back after a reboot: a boot gap.",
    explore: [
      `scripts/sandbox.sh exec ${name} -u alice -- fleet ps`,
      `scripts/sandbox.sh exec ${name} -u alice -- script -qc bash /dev/null     # a shell as alice`,
    ],
    endIt: [`scripts/sandbox.sh down ${name}`],
    end,
  };
  return world;
}

function unitFile(description, start, stop, after) {
  const quote = (word) => (word === ";" ? "\\;" : word);
  return [
    "[Unit]",
    `Description=${description}`,
    ...(after ? [`Wants=${after}`, `After=${after}`] : []),
    "",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    `ExecStart=${start.map(quote).join(" ")}`,
    `ExecStop=-${stop.join(" ")}`,
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ].join("\n");
}

/** This user's tmux, and this user's systemd where one answers; everything else in a directory of its own. */
export function userWorld() {
  const id = randomBytes(3).toString("hex");
  const base = mkdtempSync(join(tmpdir(), "fleet-demo-"));
  const home = join(base, "home");
  mkdirSync(home, { mode: 0o700 });
  const manager = run("systemctl", ["--user", "show-environment"]).code === 0;
  const unit = (name) => `fleet-demo-${id}-${name}.service`;
  const own = {
    FLEET_HOME: home,
    FLEET_STATE: join(base, "state"),
    TMUX_TMPDIR: base,
    FLEET_NODE: process.execPath,
  };
  const env = { ...process.env, ...own };
  for (const name of Object.keys(env)) if (/^(MOSAIC_|TMUX$|TMUX_PANE$)/.test(name)) delete env[name];

  const roster = readFileSync(rosterFile, "utf8");
  writeFileSync(
    join(home, "roster.yaml"),
    manager
      ? roster
          .replace(/\{ name: ([a-z0-9]+),/g, (_, name) => `{ name: ${name}, unit: ${unit(name)},`)
          .replace("holder_session: _holder", `holder_session: _holder, holder_unit: ${unit("holder")}`)
      : roster,
    { mode: 0o600 },
  );
  const program = join(base, "dogfood-agent.py");
  cpSync(join(root, "examples", "dogfood-agent.py"), program);

  let recorder = null;
  const fleet = join(root, "bin", "fleet");
  const real = ([first, ...rest]) => [first === "fleet" ? fleet : first, ...rest];
  const transient = (name, command, properties) => [
    ...["systemd-run", "--user", "--quiet", `--unit=${unit(name)}`, ...properties],
    ...Object.entries(own).map(([key, value]) => `--setenv=${key}=${value}`),
    ...command,
  ];
  const oneshot = ["--property=Type=oneshot", "--property=RemainAfterExit=yes"];
  const world = {
    title: manager
      ? "your own systemd user manager, with units of unique names"
      : "plain tmux, without systemd",
    prompt: "$",
    run: (command, options) => {
      const [first, ...rest] = real(command);
      return run(first, rest, { env, ...options });
    },
    show: (command) => {
      const [first, ...rest] = real(command);
      return spawnSync(first, rest, { env, stdio: ["ignore", "inherit", "inherit"] }).status;
    },
    startFleet(step) {
      const environment = { FLEET_HOME: home };
      if (manager) {
        // ";" ends a command in a unit file only, never in systemd-run's arguments.
        step(transient("holder", holderSession, oneshot));
        for (const name of agents) step(transient(name, agentSession(name, program, environment), oneshot));
        step(transient("recorder", [fleet, "record"], []));
        return;
      }
      step(holderSession);
      for (const name of agents) step(agentSession(name, program, environment));
      const log = openSync(join(base, "recorder.log"), "a", 0o600);
      recorder = spawn(fleet, ["record"], { env, detached: true, stdio: ["ignore", log, log] });
      closeSync(log);
      recorder.unref();
      console.log("$ fleet record &");
    },
    note: manager
      ? "the units are transient: none would come back after a reboot, and the boot column says so."
      : "no systemd answers here, so the unit column is unknown, and fleet does not guess it.",
    get explore() {
      const words = Object.entries(own).map(([key, value]) => `${key}='${value}'`);
      return [`export ${words.join(" ")}`, `'${fleet}' ps`];
    },
    get endIt() {
      return [
        ...(manager ? [`systemctl --user stop 'fleet-demo-${id}-*'`] : [`kill ${recorder?.pid}`]),
        `TMUX_TMPDIR='${base}' tmux -L ${socket} kill-server`,
        `rm -r '${base}'`,
      ];
    },
    async end() {
      const panes = run("tmux", ["-L", socket, "list-panes", "-a", "-F", "#{pane_pid}"], { env }).stdout;
      const pids = panes.split("\n").filter((line) => line !== "");
      if (manager) run("systemctl", ["--user", "stop", ...["recorder", ...agents, "holder"].map(unit)]);
      if (recorder !== null) {
        recorder.kill("SIGTERM");
        pids.push(String(recorder.pid));
      }
      run("tmux", ["-L", socket, "kill-server"], { env });
      // What still runs could write into the directory after it was removed.
      for (let tries = 0; tries < 200 && pids.some(lives); tries += 1) await pause(50);
      rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
  return world;
}
