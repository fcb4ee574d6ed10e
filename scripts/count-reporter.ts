import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** The counts of one run. `unran` are tests that were skipped, marked todo or never finished. */
export type RunCount = { passed: number; failed: number; unran: string[] };

/** Counts the tests of a run. A file that did not even load is one failure, although it holds no test. */
export function countRun(modules: readonly TestModule[]): RunCount {
  const count: RunCount = { passed: 0, failed: 0, unran: [] };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") count.passed += 1;
      else if (state === "failed") count.failed += 1;
      else count.unran.push(`${module.relativeModuleId} > ${test.fullName}`);
    }
    // Errors of a module or a suite (a hook that threw) belong to no test.
    if (module.errors().length > 0) count.failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) count.failed += 1;
  }
  return count;
}

/**
 * Ends every run with one plain line, `tests: N passed, M failed`, and makes the run fail where vitest would let
 * it pass: when no test ran, and under CI=true when any test was skipped.
 */
// vitest loads a reporter named by its path from the default export.
export default function createCountReporter(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]) {
      const { passed, failed, unran } = countRun(modules);
      const refused = process.env.CI ? unran : [];
      for (const name of refused) console.log(`not run, which CI=true does not allow: ${name}`);
      if (passed + failed === 0) console.log("no test ran");
      const failures = failed + unhandled.length + refused.length;
      if (failures > 0 || passed === 0) process.exitCode = 1;
      console.log(`tests: ${passed} passed, ${failures} failed`);
    },
  };
}
