// EVASIONS.md names a test for each way, or says that there is none.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

/** The cells of each row: the way, what Wasprey does, the tests. */
const rows = readFileSync(join(PROJECT, 'test/live/EVASIONS.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/ \| test \|$/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

test('each row of EVASIONS.md has three cells', () => {
  assert.ok(rows.length > 100, `${rows.length} rows`);
  for (const row of rows) assert.equal(row.length, 3, row.join(' | '));
});

test('each row names tests that exist, or is a limit without one', () => {
  for (const [way = '', does = '', tests = ''] of rows) {
    if (tests === 'no test') {
      assert.match(does, /\*\*Limit:\*\*|not captured|no effect|makes no test calls/, way);
      continue;
    }
    const names = [...tests.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    assert.ok(names.length > 0, `"${way}" has no test`);
    for (const name of names) {
      const path = name.includes('/') ? name : `test/live/${name}.test.ts`;
      assert.ok(existsSync(join(PROJECT, path)), `${path} of "${way}"`);
    }
  }
});
