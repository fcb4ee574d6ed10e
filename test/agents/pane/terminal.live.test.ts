import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTerminalProbe } from "../../../agents/pane/terminal.ts";
import { waitUntil } from "../../cli/support/live-fleet.ts";
import { createTmuxHome, environment } from "../../collectors/tmux/tmux-server.ts";

const home = createTmuxHome();
afterAll(() => home.remove());
const server = home.socket();

function paneTty(session: string, ...words: string[]): string {
  server.run("new-session", "-d", "-s", session, ...words);
  return server.run("display-message", "-p", "-t", `=${session}:`, "#{pane_tty}");
}

test("the kernel tells how a terminal is set, and what waits in it", async () => {
  const probe = openTerminalProbe(environment);
  try {
    const cooked = paneTty("cooked", "sleep", "1000");
    expect(await probe.ask(cooked)).toEqual({ queue: 0, canonical: true, echo: true });
    server.run("send-keys", "-t", "=cooked:", "abc", "Enter");
    await waitUntil("the line waits", async () => (await probe.ask(cooked))?.queue === 4);
    const raw = paneTty("raw", "sh", "-c", "stty raw -echo; exec sleep 1000");
    await waitUntil("it is raw", async () => (await probe.ask(raw))?.canonical === false);
    expect(await probe.ask(raw)).toEqual({ queue: 0, canonical: false, echo: false });
  } finally {
    probe.close();
  }
});

test("what is no terminal is not opened, and one that is gone gives no answer but stops nothing", async () => {
  const probe = openTerminalProbe(environment);
  try {
    expect(await probe.ask("/etc/passwd")).toBeNull();
    expect(await probe.ask("/dev/pts/1\n/dev/pts/2")).toBeNull();
    expect(await probe.ask("/dev/pts/99999")).toBeNull();
    expect(await probe.ask(paneTty("after", "sleep", "1000"))).not.toBeNull();
  } finally {
    probe.close();
  }
});

test("a helper that hangs once is replaced, and its late answer is taken for nobody's", async () => {
  const marker = join(home.root, "hung");
  server.run("kill-session", "-t", "=after");
  const tty = paneTty("again", "sleep", "1000");
  // The first one that is started says nothing for ever; the next ones are the real thing.
  const real = environment.PATH;
  writeFileSync(
    join(home.root, "perl"),
    `#!/bin/sh\nif [ ! -e '${marker}' ]; then : >'${marker}'; exec sleep 1000; fi\nPATH='${real}' exec perl "$@"\n`,
  );
  chmodSync(join(home.root, "perl"), 0o700);
  const probe = openTerminalProbe({ PATH: `${home.root}:${real}` });
  try {
    expect(await probe.ask(tty)).toBeNull();
    await waitUntil("it answers again", async () => (await probe.ask(tty)) !== null);
  } finally {
    probe.close();
  }
});
