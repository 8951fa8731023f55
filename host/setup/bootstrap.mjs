// Entry of every npm script: makes sure that what the script needs is installed and built, then runs the script's
// TypeScript on the pinned runtime. Plain JavaScript without dependencies, since it runs before node_modules exists.
//
// usage: node host/setup/bootstrap.mjs [--needs=LEVEL] [ENTRY.ts ARGUMENT...]

const OLDEST_NODE = 20;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  // Nothing else may be imported before this: an older Node could not even parse it.
  process.stderr.write(
    `wasprey: Node ${process.versions.node} is too old to set up Wasprey: it needs ${OLDEST_NODE} or newer.\n` +
      "  Install it from your distribution's packages (Debian 13: apt-get install nodejs npm) or from https://nodejs.org, and run the command again.\n",
  );
  process.exit(1);
}

// An agent's: it would open Node's inspector until the agent handles it.
process.on('SIGUSR1', () => {});

const { enableCompileCache } = await import('./compile-cache.mjs');
enableCompileCache();

const { parseBootstrapArguments } = await import('./bootstrap-arguments.mjs');
const { prepare } = await import('./prepare.mjs');
const { handOver } = await import('./hand-over.mjs');
const { reportFailure } = await import('./failure.mjs');

try {
  const { needs, entry, entryArguments } = parseBootstrapArguments(process.argv.slice(2));
  await prepare(needs);
  if (entry !== undefined) await handOver(entry, entryArguments);
} catch (error) {
  process.exitCode = reportFailure(error);
}
