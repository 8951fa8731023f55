// Set-up under a Node that is too old.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

const AS_OLD = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.20.0'}})`;

test('it says where Node is to be had, on any distribution', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--import', AS_OLD, 'host/setup/bootstrap.mjs'], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^wasprey: Node 18\.20\.0 is too old .* 20 or newer\.\n {2}Install it from .*https:\/\/nodejs\.org/,
  );
});
