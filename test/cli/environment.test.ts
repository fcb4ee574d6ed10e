import { describe, expect, test } from "vitest";
import { resolveNames, resolvePlaces } from "../../cli/environment.ts";
import { FleetError } from "../../store/errors.ts";

const account = { uid: 1000, home: "/home/jarvis", hostname: "W-jarvis" };

describe("places", () => {
  test("without any variable everything is under the home directory", () => {
    expect(resolvePlaces({}, account)).toEqual({
      fleetHome: "/home/jarvis/.config/mosaic/fleet",
      roster: "/home/jarvis/.config/mosaic/fleet/roster.yaml",
      runDirectory: "/home/jarvis/.config/mosaic/fleet/run",
      stateDirectory: "/home/jarvis/.local/state/mosaic/fleet",
      database: "/home/jarvis/.local/state/mosaic/fleet/fleet.db",
      tick: "/home/jarvis/.local/state/mosaic/fleet/fleet.db.tick",
      spoolDirectory: "/home/jarvis/.local/state/mosaic/fleet/spool",
      stateChosenBy: "HOME",
    });
  });

  test("FLEET_HOME moves the roster and the heartbeats", () => {
    expect(resolvePlaces({ FLEET_HOME: "/srv/fleet/" }, account)).toMatchObject({
      fleetHome: "/srv/fleet",
      roster: "/srv/fleet/roster.yaml",
      runDirectory: "/srv/fleet/run",
      stateDirectory: "/home/jarvis/.local/state/mosaic/fleet",
    });
  });

  test("MOSAIC_HEARTBEAT_RUN_DIR moves the heartbeats alone", () => {
    expect(
      resolvePlaces({ FLEET_HOME: "/srv/fleet", MOSAIC_HEARTBEAT_RUN_DIR: "/run/beats" }, account),
    ).toMatchObject({
      roster: "/srv/fleet/roster.yaml",
      runDirectory: "/run/beats",
    });
  });

  test("XDG_STATE_HOME moves the state, and FLEET_STATE wins over it and is the directory itself", () => {
    expect(resolvePlaces({ XDG_STATE_HOME: "/var/x" }, account)).toMatchObject({
      stateDirectory: "/var/x/mosaic/fleet",
      stateChosenBy: "XDG_STATE_HOME",
    });
    expect(resolvePlaces({ XDG_STATE_HOME: "/var/x", FLEET_STATE: "/srv/state" }, account)).toMatchObject({
      stateDirectory: "/srv/state",
      database: "/srv/state/fleet.db",
      spoolDirectory: "/srv/state/spool",
      stateChosenBy: "FLEET_STATE",
    });
  });

  test("an empty variable counts as unset", () => {
    const empty = { FLEET_HOME: "", MOSAIC_HEARTBEAT_RUN_DIR: "", XDG_STATE_HOME: "", FLEET_STATE: "" };
    expect(resolvePlaces(empty, account)).toEqual(resolvePlaces({}, account));
  });

  test.each(["FLEET_HOME", "MOSAIC_HEARTBEAT_RUN_DIR", "XDG_STATE_HOME", "FLEET_STATE"])(
    "a relative %s is refused, and the message names it and its value",
    (variable) => {
      const resolve = () => resolvePlaces({ [variable]: "state/here" }, account);
      expect(resolve).toThrow(FleetError);
      expect(resolve).toThrow(`${variable} is "state/here", which is not an absolute path`);
    },
  );

  test("a missing HOME matters only where it is needed", () => {
    const nobody = { uid: 1000, home: "" };
    expect(() => resolvePlaces({}, nobody)).toThrow('HOME is "", which is not an absolute path');
    expect(resolvePlaces({ FLEET_HOME: "/a", FLEET_STATE: "/b" }, nobody).database).toBe("/b/fleet.db");
  });
});

describe("names", () => {
  test("without any variable only the host and the socket directory are known", () => {
    expect(resolveNames({}, account)).toEqual({
      tenantOverride: null,
      host: "W-jarvis",
      socketOverride: null,
      intervalSeconds: null,
      tmuxDirectory: "/tmp/tmux-1000",
    });
  });

  test("each variable overrides its own name", () => {
    const variables = {
      FLEET_TENANT: "jarvis",
      FLEET_HOST: "box-1.example",
      MOSAIC_TMUX_SOCKET: "other",
      MOSAIC_HEARTBEAT_INTERVAL: "2.5",
      TMUX_TMPDIR: "/run/tmux/",
    };
    expect(resolveNames(variables, account)).toEqual({
      tenantOverride: "jarvis",
      host: "box-1.example",
      socketOverride: "other",
      intervalSeconds: 2.5,
      tmuxDirectory: "/run/tmux/tmux-1000",
    });
  });

  test.each([
    ["MOSAIC_HEARTBEAT_INTERVAL", "soon", "is not a number of seconds"],
    ["MOSAIC_HEARTBEAT_INTERVAL", "0", "is not a number of seconds"],
    ["MOSAIC_HEARTBEAT_INTERVAL", "-5", "is not a number of seconds"],
    ["MOSAIC_HEARTBEAT_INTERVAL", "1e9", "is not a number of seconds"],
    ["MOSAIC_TMUX_SOCKET", "../evil", "is not a socket name"],
    ["MOSAIC_TMUX_SOCKET", "/tmp/socket", "is not a socket name"],
    ["FLEET_TENANT", "two words", "is not a name"],
    ["FLEET_HOST", "a\nb", "is not a name"],
    ["TMUX_TMPDIR", "tmp", "is not an absolute path"],
  ])("%s=%j is refused", (variable, value, problem) => {
    expect(() => resolveNames({ [variable]: value }, account)).toThrow(
      `${variable} is ${JSON.stringify(value)}, which ${problem}`,
    );
  });
});
