// The page is built again when something changes that it is made of.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';
import { PAGE_INPUTS } from '../../../host/setup/page-build.mjs';
import { PROJECT } from '../../../host/setup/paths.mjs';

test('all that the page is made of is among its inputs', async () => {
  const { metafile } = await build({
    absWorkingDir: PROJECT,
    entryPoints: ['host/daemon/console/page/page.tsx', 'host/daemon/console/page/page.css'],
    bundle: true,
    write: false,
    outdir: 'build/page',
    metafile: true,
  });
  const missing = Object.keys(metafile.inputs).filter(
    (path) => !/(^|\/)node_modules\//.test(path) && !PAGE_INPUTS.some((input) => `${path}/`.startsWith(`${input}/`)),
  );
  assert.deepEqual(missing, []);
  assert.ok(Object.keys(metafile.inputs).length > 20);
});
