import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolvePlaces } from "../../../cli/environment.ts";
import { startMetricsEndpoint } from "../../../cli/recorder/metrics-endpoint.ts";
import { createStoryLog, type StoryLog } from "../../otel/support/story-log.ts";

const ANYWHERE = { host: "127.0.0.1", port: 0 };
const SECRET = "a-token-of-more-than-sixteen\n";

let story: StoryLog;
beforeEach(() => {
  story = createStoryLog(Date.now() * 1000);
});
afterEach(() => story.remove());

async function start(variables: Record<string, string> = {}): Promise<string> {
  const environment = story.environment(variables);
  const places = resolvePlaces(environment, { uid: process.getuid?.() ?? 0, home: story.home });
  const { close, tokenFile } = await startMetricsEndpoint(ANYWHERE, places, environment);
  await close();
  return tokenFile;
}

test("a token is made at the first start, for its user alone, and stays", async () => {
  const file = await start();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const made = readFileSync(file, "utf8");
  expect(made.trim().length).toBeGreaterThan(40);
  await start();
  expect(readFileSync(file, "utf8")).toBe(made);
});

test.each([0o640, 0o604, 0o620, 0o602, 0o666])(
  "a token of mode %o is refused, with what to do",
  async (mode) => {
    const file = join(story.home, "token");
    writeFileSync(file, SECRET);
    chmodSync(file, mode);
    await expect(start({ FLEET_METRICS_TOKEN_FILE: file })).rejects.toMatchObject({
      message: `the metrics token ${file} cannot be used: others may use it too (mode ${mode.toString(8)})`,
      hint: expect.stringContaining(`chmod 600 ${file}`),
    });
    chmodSync(file, 0o600);
    expect(await start({ FLEET_METRICS_TOKEN_FILE: file })).toBe(file);
  },
);

test("a token of another user's is refused, whatever its mode", async () => {
  const own = join(story.home, "token");
  writeFileSync(own, SECRET, { mode: 0o600 });
  // Whoever is not root has a file of root's to try; root makes one of somebody else's.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(own, 12_345, 12_345);
  const file = isRoot ? own : "/etc/passwd";
  await expect(start({ FLEET_METRICS_TOKEN_FILE: file })).rejects.toMatchObject({
    message: `the metrics token ${file} cannot be used: it belongs to another user (uid ${isRoot ? 12_345 : 0})`,
  });
});
