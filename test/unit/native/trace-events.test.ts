// The number of a trace event, to which programs are attached from Linux 7.0 on; the reason that is given for a missing number is the true one.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryForTests } from '../../support/directory.ts';
import { testAddon } from '../../support/records/test-addon.ts';

const directory = directoryForTests();
const { traceEventNumber } = testAddon;

test('its file has it', () => {
  const path = join(directory, 'id');
  writeFileSync(path, '1234\n');
  assert.equal(traceEventNumber(path), 1234);
});

test('an event that the kernel lacks, a file that can not be read, and one without a number are told apart', () => {
  assert.equal(traceEventNumber(join(directory, 'missing/id')), 'ENOENT');
  const folder = join(directory, 'folder');
  mkdirSync(folder);
  assert.equal(traceEventNumber(folder), 'EISDIR');
  const empty = join(directory, 'empty');
  for (const text of ['', 'none\n', '0\n']) {
    writeFileSync(empty, text);
    assert.equal(traceEventNumber(empty), 'EINVAL', text);
  }
});
