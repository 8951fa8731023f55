// The live files that are listed are there, and each has a reason.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { ALONE } from '../../live/alone.ts';
import { MAIN_JOB } from '../../live/main-job.ts';

for (const [list, files, reason] of [
  ['alone.ts', ALONE, /\w+ \w+/],
  ['main-job.ts', MAIN_JOB, /\w+/],
] as const) {
  test(`each live file in ${list} is there, and has a reason`, () => {
    for (const [name, text] of Object.entries(files)) {
      assert.ok(existsSync(join(PROJECT, 'test/live', `${name}.test.ts`)), name);
      assert.match(text, reason, name);
    }
  });
}
