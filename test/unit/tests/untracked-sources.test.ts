// Sources that a commit would lack, though they are in the working tree and tests pass with them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { untrackedSources } from '../../clone.ts';
import { directoryForTest } from '../../support/directory.ts';

test('untracked files among the sources are named; not those elsewhere, nor those that are ignored or added', (t) => {
  const project = directoryForTest(t);
  execFileSync('git', ['init', '-q', project]);
  for (const folder of ['host/new', 'rules', 'notes']) mkdirSync(join(project, folder), { recursive: true });
  for (const path of ['host/new/part.ts', 'host/a.log', 'rules/own.yaml', 'notes/note.md', 'README.md']) {
    writeFileSync(join(project, path), '');
  }
  writeFileSync(join(project, '.gitignore'), '*.log\n');
  assert.deepEqual(untrackedSources(project), ['host/new/part.ts', 'rules/own.yaml']);
  execFileSync('git', ['add', '.'], { cwd: project });
  assert.deepEqual(untrackedSources(project), []);
});
