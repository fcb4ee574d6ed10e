import fc from "fast-check";

/**
 * Runs before every test file. A property is held against the same stories in every run, so that what turns red is what the change broke, on
 * CI as with whoever runs the tests for the first time. PROPERTY_RUNS=N looks at N new ones.
 */
if (process.env.CI || process.env.PROPERTY_RUNS === undefined) fc.configureGlobal({ seed: 20261126 });
