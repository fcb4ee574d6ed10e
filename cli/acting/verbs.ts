/** The verbs that act, in one file for all: each of them brings along nearly everything that fleet is made of. */
export { run as reset } from "./verb-agent-reset.ts";
export { run as restart } from "./verb-agent-restart.ts";
export { run as start } from "./verb-agent-start.ts";
export { run as stop } from "./verb-agent-stop.ts";
export { run as down } from "./verb-down.ts";
export { run as up } from "./verb-up.ts";
