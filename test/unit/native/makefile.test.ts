// What native/Makefile builds again, also in a checkout that was moved: it goes by names of headers that the compiler notes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { BUILD, PROJECT } from '../../../host/setup/paths.mjs';
import { directoryForTests } from '../../support/directory.ts';

const HEADER = 'generated/schema.h';

const moved = join(directoryForTests(), 'moved');

test('a checkout that was moved builds nothing anew; after a change of a header, what includes it', () => {
  mkdirSync(join(moved, 'build'), { recursive: true });
  // With their times, which make goes by.
  execFileSync('cp', ['-a', join(PROJECT, 'native'), moved]);
  execFileSync('cp', ['-a', join(BUILD, 'native'), join(moved, 'build')]);
  symlinkSync(join(PROJECT, 'node_modules'), join(moved, 'node_modules'));
  for (const checkout of [PROJECT, moved]) assert.deepEqual(compiledBy(checkout), [], checkout);
  const now = new Date();
  utimesSync(join(moved, 'native', HEADER), now, now);
  const compiled = compiledBy(moved);
  assert.ok(compiled.includes('reading/') && compiled.includes('source/'), compiled.join());
  assert.deepEqual(compiled, including(HEADER));
});

/** Names of the folders, and of the one file by itself, that make would compile. */
function compiledBy(checkout: string): string[] {
  const said = execFileSync('make', ['-n', '-C', join(checkout, 'native'), 'addon'], { encoding: 'utf8' });
  return [...said.matchAll(/^echo ' {2}CXX {4}(.*)'$/gm)].map(([, name = '']) => name).sort();
}

/** Names of those that include a header, directly or by others, as the compiler has noted. */
function including(header: string): string[] {
  const folders = globSync('*/', { cwd: join(PROJECT, 'native/src') }).map((folder) => basename(folder));
  const notedIn = (unit: string): boolean =>
    readFileSync(join(BUILD, 'native', `${unit}.d`), 'utf8').includes(` ${header}`);
  const file = notedIn('module') ? ['module.cc'] : [];
  return [...folders.filter(notedIn).map((folder) => `${folder}/`), ...file].sort();
}
