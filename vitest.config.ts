import { defineConfig } from "vitest/config";

/**
 * Three tiers, told apart by the file name, one after the other so that two cores are never asked for more than
 * they have: `*.test.ts` is plain values, files and SQLite; `*.live.test.ts` starts real tmux servers;
 * `*.e2e.test.ts` boots a real systemd in the sandbox (root on Linux only) and runs one file at a time.
 */
const live = "test/**/*.live.test.ts";
const e2e = "test/**/*.e2e.test.ts";

export default defineConfig({
  test: {
    environment: "node",
    pool: "forks",
    // A test that runs alone by `.only` must never let a run of CI pass.
    allowOnly: !process.env.CI,
    passWithNoTests: false,
    reporters: ["default", "./scripts/count-reporter.ts"],
    setupFiles: ["test/clean-environment.ts", "test/same-stories.ts"],
    globalSetup: ["test/no-process-left.ts"],
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [live, e2e],
          maxWorkers: 2,
          // Far above what any of them takes: only what hangs is to be ended, also where many share the machine.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "live",
          include: [live],
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: [e2e],
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
