// The live files that run by themselves are there, and each has a reason.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { ALONE } from '../../live/alone.ts';

test('each live file that runs alone is there, and has a reason', () => {
  for (const [name, reason] of Object.entries(ALONE)) {
    assert.ok(existsSync(join(PROJECT, 'test/live', `${name}.test.ts`)), name);
    assert.match(reason, /\w+ \w+/, name);
  }
});
