// The copy of the working tree that a guest's root is set up in, which several checkouts of one machine may take by turns.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyWorkingTree } from '../../kernels/working-tree.ts';
import { directoryForTest } from '../../support/directory.ts';

const LONG_AGO = new Date('2020-01-01');

test('what differs is newer than all that was built, what is the same is as old as it was, what is gone is removed', (t) => {
  const folder = directoryForTest(t);
  const copy = join(folder, 'copy');
  const checkout = (name: string, files: Readonly<Record<string, string>>): string => {
    const path = join(folder, name);
    mkdirSync(join(path, 'src'), { recursive: true });
    execFileSync('git', ['init', '-q', path]);
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(join(path, file), text);
      utimesSync(join(path, file), LONG_AGO, LONG_AGO);
    }
    return path;
  };
  const one = checkout('one', {
    'src/same.h': 'same',
    'src/differs.h': 'int a;',
    'src/gone.h': '',
    '.gitignore': 'build',
  });
  const other = checkout('other', {
    'src/same.h': 'same',
    'src/differs.h': 'int b;',
    'src/new.h': '',
    '.gitignore': 'build',
  });

  copyWorkingTree(one, copy);
  mkdirSync(join(copy, 'build'));
  writeFileSync(join(copy, 'build/object.o'), 'int a;');
  const before = statSync(join(copy, 'src/same.h')).mtimeMs;
  const built = statSync(join(copy, 'build/object.o')).mtimeMs;

  rmSync(join(other, 'src/same.h'));
  writeFileSync(join(other, 'src/same.h'), 'same');
  copyWorkingTree(other, copy);
  assert.equal(readFileSync(join(copy, 'src/differs.h'), 'utf8'), 'int b;');
  assert.ok(statSync(join(copy, 'src/differs.h')).mtimeMs >= built);
  assert.equal(statSync(join(copy, 'src/same.h')).mtimeMs, before);
  assert.deepEqual(
    ['src/gone.h', 'src/new.h', 'build/object.o'].map((path) => existsSync(join(copy, path))),
    [false, true, true],
  );
});
