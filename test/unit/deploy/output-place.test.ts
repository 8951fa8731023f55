// Makers of packages and images that can't write where they should: a line that says so, before they begin.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

for (const [maker, words, reason] of [
  ['package', ['/dev/null'], '/dev/null: it is not a folder'],
  ['package', ['/dev/null/below'], '/dev/null/below: not a directory'],
  ['image', ['/nonexist/x.tar'], '/nonexist/x.tar: no such file or directory'],
  ['image', ['/dev/null/x.tar'], '/dev/null/x.tar: its folder is not a folder'],
  ['image', ['/tmp'], '/tmp: it is a folder'],
  ['image', ['--root', '/dev/null'], '/dev/null: it is not a folder'],
] as const) {
  test(`${maker} ${words.join(' ')}`, () => {
    const { status, stderr } = spawnSync(process.execPath, [`deploy/${maker}/main.ts`, ...words], {
      cwd: PROJECT,
      encoding: 'utf8',
    });
    assert.equal(
      stderr,
      `wasprey: the output can't be written\n  * ${reason}\n    name another place, or make its folder\n`,
    );
    assert.equal(status, 1);
  });
}
