/** Exit codes (also in docs/cli.md). `ps --check` has its own four, after the Nagios plugins. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  noSuchAgent: 3,
  interrupted: 130,
} as const;
