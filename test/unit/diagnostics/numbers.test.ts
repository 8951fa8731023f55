// Numbers in sentences.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { count, number } from '../../../host/diagnostics/numbers.ts';

const NUMBERS = new URL('../../../host/diagnostics/numbers.ts', import.meta.url).href;
const MEASURE = `
  import { number } from ${JSON.stringify(NUMBERS)};
  const before = process.memoryUsage.rss();
  number(1234567);
  console.log(process.memoryUsage.rss() - before);
`;

test('numbers are as people of the English language write them', () => {
  for (const value of [0, 7, 999, 1000, 12_345, 999_999, 1_234_567, -1000, -123, 0.5, 1234.5, 1.23456, 2 ** 53 - 1]) {
    assert.equal(number(value), value.toLocaleString('en-US'));
  }
  assert.equal(number(), '0');
  assert.equal(count(1, 'event'), '1 event');
  assert.equal(count(1000, 'event'), '1,000 events');
});

test('writing one loads nothing about locales, which are 8 MB', () => {
  const growth = execFileSync(process.execPath, ['--input-type=module', '-e', MEASURE], { encoding: 'utf8' });
  assert.ok(Number(growth) < 2e6, `it took ${growth.trim()} bytes`);
});
