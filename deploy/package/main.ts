// Makes the packages: wasprey_VERSION_ARCH.deb and wasprey-VERSION-linux-ARCH.tar.gz of the same files, for both processors.

import { reportFailure } from '../../host/setup/failure.mjs';
import { BUILD } from '../../host/setup/paths.mjs';
import { readCommandLine } from '../command-line.ts';
import { makeOutputFolder } from '../output-place.ts';
import { ARCHITECTURES } from '../tree/architecture.ts';
import { sourceDate } from '../tree/fixed-metadata.ts';
import { makePackages } from './packages.ts';

const USAGE = 'npm run -s package [-- [--architecture amd64|arm64] [OUT_FOLDER]]';

const { values, positionals } = readCommandLine(
  USAGE,
  { architecture: { type: 'string' } },
  ({ values, positionals }) => positionals.length <= 1 && wantedOf(values.architecture).length > 0,
);
const [folder = `${BUILD}package`] = positionals;
try {
  // These fail before what takes minutes.
  sourceDate();
  makeOutputFolder(folder);
  for (const architecture of wantedOf(values.architecture))
    for (const path of await makePackages(architecture, folder)) process.stdout.write(`${path}\n`);
} catch (error) {
  process.exitCode = reportFailure(error);
}

function wantedOf(name: string | undefined) {
  return ARCHITECTURES.filter((architecture) => name === undefined || architecture.name === name);
}
