// Makes the container image without a registry or an image tool: an OCI archive, which `ctr image import`, `skopeo copy
// oci-archive:...` and `podman load` take; or only the root folder, for Containerfile.
//
// usage: npm run -s image -- [--name NAME] OUT.tar | --root FOLDER

import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeImage } from './oci-archive.ts';
import { IMAGE_CONFIG, makeRootFolder } from './root-folder.ts';

const USAGE = 'usage: npm run -s image -- [--name NAME] OUT.tar | --root FOLDER\n';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: `wasprey:${IMAGE_CONFIG.Labels['org.opencontainers.image.version']}` },
    root: { type: 'string' },
  },
});
const [archive] = positionals;
if (positionals.length > 1 || (archive === undefined) === (values.root === undefined)) {
  process.stderr.write(USAGE);
  process.exit(2);
}
if (values.root !== undefined) {
  mkdirSync(values.root, { recursive: true });
  await makeRootFolder(values.root);
}
if (archive !== undefined) {
  const root = mkdtempSync(join(tmpdir(), 'wasprey-image-root-'));
  try {
    await makeRootFolder(root);
    await makeImage(values.name, root, archive, IMAGE_CONFIG);
  } finally {
    rmSync(root, { recursive: true });
  }
  const megabytes = Math.round(statSync(archive).size / 1e6);
  process.stderr.write(`${values.name} is in ${archive}: ${megabytes} MB, not compressed\n`);
}
