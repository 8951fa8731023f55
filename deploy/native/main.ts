// Prints the folder of what the release of a processor is built against (native/release.mk asks).
//
// usage: npm run -s sysroot -- amd64|arm64

import { reportFailure } from '../../host/setup/failure.mjs';
import { architectureNamed } from '../tree/architecture.ts';
import { sysroot } from './sysroot.ts';

try {
  process.stdout.write(`${sysroot(architectureNamed(process.argv[2] ?? ''))}\n`);
} catch (error) {
  process.exitCode = reportFailure(error);
}
