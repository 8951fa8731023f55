// Prints the folder of what the release of a processor is built against (native/release.mk asks).

import { reportFailure } from '../../host/setup/failure.mjs';
import { readCommandLine } from '../command-line.ts';
import { ARCHITECTURES } from '../tree/architecture.ts';
import { sysroot } from './sysroot.ts';

const named = (name: string | undefined) => ARCHITECTURES.filter((architecture) => architecture.name === name);

const { positionals } = readCommandLine('npm run -s sysroot -- amd64|arm64', {}, ({ positionals }) => {
  return positionals.length === 1 && named(positionals[0]).length === 1;
});
try {
  for (const architecture of named(positionals[0])) process.stdout.write(`${sysroot(architecture)}\n`);
} catch (error) {
  process.exitCode = reportFailure(error);
}
