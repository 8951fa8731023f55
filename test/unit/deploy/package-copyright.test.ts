// The copyright file of the package names all of its own parts that have other terms than the rest.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

test('each BPF program is named', () => {
  const text = readFileSync(join(PROJECT, 'deploy/package/copyright'), 'utf8');
  // Of the sources that become one object, one has its licence for the kernel.
  const programs = globSync('native/bpf/*.bpf.c', { cwd: PROJECT })
    .filter((path) => readFileSync(join(PROJECT, path), 'utf8').includes('SEC("license")'))
    .map((path) => basename(path, '.c'));
  assert.deepEqual(programs.sort(), ['isolate.bpf', 'wasprey.bpf']);
  for (const name of programs) assert.ok(text.includes(`${name}.o`), name);
});
