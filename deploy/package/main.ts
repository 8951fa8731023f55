// Makes the packages: wasprey_VERSION_ARCH.deb and wasprey-VERSION-linux-ARCH.tar.gz of the same files, for both processors.
//
// usage: npm run -s package [-- [--architecture amd64|arm64] OUT_FOLDER]        OUT_FOLDER: build/package by default

import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { reportFailure } from '../../host/setup/failure.mjs';
import { BUILD } from '../../host/setup/paths.mjs';
import { ARCHITECTURES, architectureNamed } from '../tree/architecture.ts';
import { makePackages } from './packages.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { architecture: { type: 'string' } },
});
const [folder = `${BUILD}package`, ...others] = positionals;
if (others.length > 0) {
  process.stderr.write('usage: npm run -s package [-- [--architecture amd64|arm64] OUT_FOLDER]\n');
  process.exit(2);
}
try {
  const wanted = values.architecture === undefined ? ARCHITECTURES : [architectureNamed(values.architecture)];
  mkdirSync(folder, { recursive: true });
  for (const architecture of wanted)
    for (const path of await makePackages(architecture, folder)) process.stdout.write(`${path}\n`);
} catch (error) {
  process.exitCode = reportFailure(error);
}
