// What native/Makefile builds again. It names each object's headers by where the checkout is.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD, PROJECT } from '../../../host/setup/paths.mjs';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-makefile-'));
after(() => rmSync(folder, { recursive: true }));

test('a checkout that was moved builds its objects anew, one that was not builds none', () => {
  const sources = readdirSync(join(PROJECT, 'native/src')).filter((name) => name.endsWith('.cc'));
  const moved = join(folder, 'moved');
  mkdirSync(join(moved, 'build'), { recursive: true });
  // With their times, which make goes by.
  execFileSync('cp', ['-a', join(PROJECT, 'native'), moved]);
  execFileSync('cp', ['-a', join(BUILD, 'native'), join(moved, 'build')]);
  symlinkSync(join(PROJECT, 'node_modules'), join(moved, 'node_modules'));
  assert.deepEqual(compiledBy(PROJECT), []);
  assert.deepEqual(compiledBy(moved), sources.sort());
});

/** Names of the sources that make would compile. */
function compiledBy(checkout: string): string[] {
  const said = execFileSync('make', ['-n', '-C', join(checkout, 'native'), 'addon'], { encoding: 'utf8' });
  return [...said.matchAll(/^echo ' {2}CXX {4}(.*)'$/gm)].map(([, name = '']) => name).sort();
}
