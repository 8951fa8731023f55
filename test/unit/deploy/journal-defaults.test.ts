// The journal is on where an agent is installed to stay.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { PROJECT } from '../../../host/setup/paths.mjs';

const KEPT = { enabled: true, folder: '/var/lib/wasprey/journal', keep: '1d', max_size: '256MiB' };

const read = (path: string) => load(readFileSync(join(PROJECT, path), 'utf8')) as Record<string, unknown>;

test('package and chart keep a day, and 256 MiB at most', () => {
  assert.deepEqual(read('deploy/package/wasprey.yaml').journal, KEPT);
  assert.deepEqual((read('deploy/chart/wasprey/values.yaml').falco as Record<string, unknown>).journal, KEPT);
});
