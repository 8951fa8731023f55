// The host program of an installation: each file that is started by itself, with what it imports, as JavaScript. Of some 900 sources a
// run would load half, each with what Node keeps of it (its text, V8's code of it, an entry in the cache of compiled code).

import { join } from 'node:path';
import { build } from 'esbuild';
import { ENTRIES } from '../../host/setup/entries.mjs';
import { PROJECT } from '../../host/setup/paths.mjs';

/**
 * What several entries share is in chunks of its own. These lie as deep as setup/paths.mjs does in a checkout, which goes by its own place.
 * @param folder gets the entries at their places below host/
 */
export async function bundleHost(folder: string): Promise<void> {
  const host = join(PROJECT, 'host');
  await build({
    // Comments and the order of chunks go by paths relative to it: what is made must not depend on where it is made from.
    absWorkingDir: PROJECT,
    entryPoints: Object.values(ENTRIES).map((path) => join(host, `${path}.ts`)),
    outbase: host,
    outdir: folder,
    chunkNames: 'chunks/[hash]',
    bundle: true,
    splitting: true,
    // The packages stay as they are published, with their licences.
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    // The names that stack traces and errors have.
    keepNames: true,
    logLevel: 'warning',
  });
}
