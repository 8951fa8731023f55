// Makes the container image without a registry or an image tool: an OCI archive with an image for each processor, which `ctr image
// import`, `skopeo copy oci-archive:...` and `podman load` take; or only this processor's root folder, for Containerfile.

import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuleFile } from '../../host/compiler/rules/load.ts';
import { version } from '../../host/diagnostics/version.ts';
import { reportFailure } from '../../host/setup/failure.mjs';
import { readCommandLine } from '../command-line.ts';
import { makeOutputFolder, requireOutputFile } from '../output-place.ts';
import { ARCHITECTURES, type Architecture, ownArchitecture } from '../tree/architecture.ts';
import { sourceDate } from '../tree/fixed-metadata.ts';
import { readAddedRules } from './added-rules.ts';
import { makeImageIndex } from './oci-archive.ts';
import { IMAGE_CONFIG, makeRootFolder } from './root-folder.ts';

const USAGE =
  'npm run -s image -- [--name NAME] [--platform linux/amd64|linux/arm64] [--rules FILE|URL]... OUT.tar | --root FOLDER';

const { values, positionals } = readCommandLine(
  USAGE,
  {
    name: { type: 'string', default: `wasprey:${version()}` },
    platform: { type: 'string' },
    root: { type: 'string' },
    rules: { type: 'string', multiple: true, default: [] },
  },
  ({ values, positionals }) =>
    positionals.length + (values.root === undefined ? 0 : 1) === 1 && wantedOf(values.platform).length > 0,
);
const [archive] = positionals;
try {
  // These fail before what takes minutes.
  sourceDate();
  if (archive !== undefined) requireOutputFile(archive);
  if (values.root !== undefined) makeOutputFolder(values.root);
  const rules = await Promise.all(values.rules.map(readAddedRules));
  if (values.root !== undefined) await makeRootFolder(values.root, ownArchitecture(), rules);
  if (archive !== undefined) await makeArchive(values.name, wantedOf(values.platform), rules, archive);
} catch (error) {
  process.exitCode = reportFailure(error);
}

function wantedOf(platform: string | undefined): Architecture[] {
  return ARCHITECTURES.filter(({ name }) => platform === undefined || platform === `linux/${name}`);
}

async function makeArchive(
  name: string,
  architectures: readonly Architecture[],
  rules: readonly RuleFile[],
  to: string,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-image-root-'));
  try {
    const platforms = architectures.map((architecture) => ({ architecture, root: join(folder, architecture.name) }));
    for (const { architecture, root } of platforms) {
      mkdirSync(root);
      await makeRootFolder(root, architecture, rules);
    }
    await makeImageIndex(name, platforms, to, IMAGE_CONFIG);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const megabytes = Math.round(statSync(to).size / 1e6);
  const platforms = architectures.map((architecture) => `linux/${architecture.name}`).join(' and ');
  process.stderr.write(`${name} for ${platforms} is in ${to}: ${megabytes} MB, not compressed\n`);
}
