/**
 * Runs before every test file. Whoever starts the tests may be an operator inside tmux with a fleet of their
 * own: nothing of that environment may reach a test, which names what it wants.
 */
for (const name of Object.keys(process.env)) {
  if (/^(FLEET|MOSAIC)_/.test(name) || name === "TMUX" || name === "TMUX_PANE" || name === "TMUX_TMPDIR") {
    delete process.env[name];
  }
}
// The launcher's own: reading extra certificates costs some Nodes 37 ms for each process a test starts.
delete process.env.NODE_EXTRA_CA_CERTS;
