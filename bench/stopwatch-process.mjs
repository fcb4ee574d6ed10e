// Times one program: `node stopwatch-process.mjs '{"program":…,"args":[…],"env":{…}}'`. Its output comes out of here, then the figure on
// stderr. A process of its own, for starting a program takes longer the more memory the starter has.
import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";

const { program, args, env, silent } = JSON.parse(process.argv[2]);
const stdio = ["ignore", silent ? "ignore" : "pipe", "pipe"];
const started = process.hrtime.bigint();
const { status, stdout, stderr } = spawnSync(program, args, { env, stdio, maxBuffer: 2 ** 30 });
const ms = Number(process.hrtime.bigint() - started) / 1e6;
for (let at = 0; at < (stdout?.length ?? 0); ) at += writeSync(1, stdout, at);
writeSync(2, JSON.stringify({ ms, status, said: stderr?.toString("utf8") ?? `${program} cannot be run` }));
