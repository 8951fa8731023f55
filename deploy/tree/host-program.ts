// The host program of an installation: each file that is started by itself, with what it imports, as JavaScript. Of some 900 sources a
// run would load half, each with what Node keeps of it (its text, V8's code of it, an entry in the cache of compiled code).

import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { ENTRIES } from '../../host/setup/entries.mjs';
import { PROJECT } from '../../host/setup/paths.mjs';

const HOST = join(PROJECT, 'host');

/** Threads that a start waits for: shared with no other entry, since a chunk takes half a millisecond to load. */
const ALONE: readonly string[] = [ENTRIES.engine];

/**
 * What several entries share is in chunks of its own. These lie as deep as setup/paths.mjs does in a checkout, which goes by its own place.
 * @param folder gets the entries at their places below host/
 */
export async function bundleHost(folder: string): Promise<void> {
  const options = optionsFor(folder);
  const shared = Object.values(ENTRIES).filter((path) => !ALONE.includes(path));
  await build({ ...options, entryPoints: shared.map(sourceOf) });
  for (const path of ALONE) await build({ ...options, entryPoints: [sourceOf(path)] });
}

function sourceOf(path: string): string {
  return join(HOST, `${path}.ts`);
}

function optionsFor(folder: string) {
  return {
    // Comments and the order of chunks go by paths relative to it: what is made must not depend on where it is made from.
    absWorkingDir: PROJECT,
    outbase: HOST,
    outdir: folder,
    bundle: true,
    // What is imported on demand stays apart.
    splitting: true,
    chunkNames: 'chunks/[hash]',
    // The packages stay as they are published, with their licences.
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    // The names that stack traces and errors have.
    keepNames: true,
    logLevel: 'warning',
  } as const satisfies BuildOptions;
}
