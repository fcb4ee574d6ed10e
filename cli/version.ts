/** The version in package.json, as a constant so that no start has to read a file for it; a test holds the two equal. */
export const VERSION = "0.1.0";
