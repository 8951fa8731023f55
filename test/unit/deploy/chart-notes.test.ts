// The chart's notes agree with the documents that readers have before.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OLDEST_KERNEL } from '../../../host/setup/machine.mjs';
import { PROJECT } from '../../../host/setup/paths.mjs';

const NOTES = 'deploy/chart/wasprey/templates/NOTES.txt';

function read(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

test('README and notes of the chart name the same command that raises an alert in any pod', () => {
  const command = /kubectl exec -it POD -- .*/;
  const [told] = command.exec(read(NOTES)) ?? [];
  assert.ok(told);
  assert.equal(command.exec(read('README.md'))?.[0], told);
});

test('deploy/README and notes of the chart say the same of the time until edited rules are in use', () => {
  const time = /(?:within )?about (.*minutes?)/;
  const [, told] = time.exec(read(NOTES)) ?? [];
  assert.ok(told);
  assert.equal(time.exec(read('deploy/README.md'))?.[1], told);
});

test('the README, the chart and its notes name the oldest kernel that an agent starts on', () => {
  const needs = `Linux ${OLDEST_KERNEL.join('.')} or newer with BTF`;
  for (const path of ['README.md', 'deploy/chart/wasprey/Chart.yaml', NOTES])
    assert.ok(read(path).includes(needs), path);
});
