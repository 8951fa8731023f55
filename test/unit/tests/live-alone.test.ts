// The live files that do not run beside all others are there, in one group, and each has a reason.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { ALONE, CALM } from '../../live/alone.ts';

test('each live file that runs alone, or beside few, is there, and has a reason', () => {
  for (const [name, reason] of [...Object.entries(ALONE), ...Object.entries(CALM)]) {
    assert.ok(existsSync(join(PROJECT, 'test/live', `${name}.test.ts`)), name);
    assert.match(reason, /\w+ \w+/, name);
  }
});

test('no file is in both groups', () => {
  assert.deepEqual(
    Object.keys(CALM).filter((name) => name in ALONE),
    [],
  );
});
