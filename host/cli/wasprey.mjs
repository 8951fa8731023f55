#!/usr/bin/env node
// The program `wasprey` of the npm package: the command line with the set-up before it, as `npm run wasprey` has it. That takes the pinned
// runtime and Node's cache of compiled sources; main.ts run by itself strips types at each start, with a stripper of 20 MB.

process.argv.splice(2, 0, 'host/cli/main.ts');
await import('../setup/bootstrap.mjs');
