// Compiles rules as `wasprey run` does, which then finds them in its cache.
//
// usage: test/kernels/compile-rules.ts [RULES...]     as arguments of `wasprey run`

import { prepareRules } from '../../host/daemon/rules/compile.ts';
import { processTerminal } from '../../host/diagnostics/terminal.ts';

await prepareRules(process.argv.slice(2), processTerminal());
