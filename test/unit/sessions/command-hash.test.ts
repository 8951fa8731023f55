// Whether the arguments of a process are all there: what has only a part of them must not be taken for a command that was asked for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWhole } from '../../../host/sessions/command-hash.ts';

test('arguments are whole unless the kernel or the table of processes has cut them', () => {
  assert.ok(isWhole(Buffer.from('sh\0-c\0id\0')));
  assert.ok(!isWhole(Buffer.from('sh\0-c\0i')), 'cut by the table');
  assert.ok(!isWhole(Buffer.from(`sh\0${'x'.repeat(4092)}\0`)), 'cut by the kernel');
  assert.ok(!isWhole(Buffer.alloc(0)));
});
