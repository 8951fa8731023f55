// A suite is left out only while all that decides about its result is as it was when it passed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { digestOf, notePass, passOf } from '../../passes.ts';
import { filesOf } from '../../run-suite.ts';
import { SUITES } from '../../suites.ts';
import { directoryForTest } from '../../support/directory.ts';
import { importsOf } from '../../support/imports.ts';

function project(t: Parameters<typeof directoryForTest>[0]): {
  folder: string;
  write: (path: string, text: string) => void;
} {
  const folder = directoryForTest(t);
  execFileSync('git', ['init', '-q', folder]);
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const path of ['host/a.ts', 'host/b/c.ts', 'native/x.cc', 'host/README.md']) write(path, path);
  return { folder, write };
}

test('a digest goes by names and contents of the inputs, committed or not, and by nothing else', (t) => {
  const { folder, write } = project(t);
  const digest = (): string | undefined => digestOf(['host'], folder);
  const first = digest();
  assert.match(first ?? '', /^[0-9a-f]{64}$/);
  execFileSync('git', ['add', '.'], { cwd: folder });
  write('native/x.cc', 'changed');
  write('host/README.md', 'changed');
  assert.equal(digest(), first);
  write('host/b/c.ts', 'changed');
  const changed = digest();
  assert.notEqual(changed, first);
  write('host/b/c.ts', 'host/b/c.ts');
  assert.equal(digest(), first);
  write('host/new.ts', '');
  assert.notEqual(digest(), first);
  rmSync(join(folder, 'host/new.ts'));
  rmSync(join(folder, 'host/a.ts'));
  assert.notEqual(digest(), first);
  assert.equal(digestOf(['host'], directoryForTest(t)), undefined);
});

test('a pass counts for its suite and its inputs alone; without a digest none does', (t) => {
  const file = join(directoryForTest(t), 'passes.json');
  assert.equal(passOf('live', 'one', file), undefined);
  notePass('live', { inputs: 'one', tests: 5, seconds: 7 }, file);
  notePass('cluster', { inputs: 'two', tests: 1, seconds: 1 }, file);
  assert.equal(passOf('live', 'one', file)?.tests, 5);
  assert.equal(passOf('live', 'two', file), undefined);
  assert.equal(passOf('kernels', 'one', file), undefined);
  assert.equal(passOf('live', undefined, file), undefined);
});

test('every input is there, and every part of the product decides about a suite', () => {
  const inputs = [...SUITES.values()].flatMap((suite) => suite.inputs ?? []);
  for (const input of inputs) assert.ok(existsSync(join(PROJECT, input)), input);
  for (const part of ['native', 'host', 'rules', 'rules-wasm', 'deploy', 'package-lock.json']) {
    assert.ok(inputs.includes(part), part);
  }
});

test('what the files of a suite import, directly or by others, are its inputs', () => {
  for (const [name, { inputs = [] }] of SUITES) {
    if (inputs.length === 0) continue;
    const reached = new Set(filesOf(name, '').map((path) => relative(PROJECT, path)));
    for (const file of reached) {
      if (!existsSync(join(PROJECT, file))) continue;
      for (const path of importsOf(file, readFileSync(join(PROJECT, file), 'utf8'))) reached.add(path);
    }
    const others = [...reached].filter(
      (file) => !inputs.some((input) => file === input || file.startsWith(`${input}/`)),
    );
    assert.deepEqual(others, [], name);
  }
});
