import fc from "fast-check";

/**
 * Runs before every test file. On CI a property is held against the same stories in every run, so that what turns red is what the change
 * broke; everywhere else they are new ones in every run, and PROPERTY_RUNS=N asks for more of them.
 */
if (process.env.CI) fc.configureGlobal({ seed: 20261126 });
