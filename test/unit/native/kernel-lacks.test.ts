// What the addon finds that the kernel lacks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadAddon } from '../../../host/capture/addon.ts';
import { IO_URING_OPERATIONS } from '../../../host/schema/events/io-uring.ts';

test('the addon asks the kernel which operations of io_uring it lacks', () => {
  for (const name of loadAddon().missingIoUringOperations() ?? []) assert.ok(name in IO_URING_OPERATIONS, name);
});

test('direct reads are there where the kernel has the function for them', () => {
  const symbols = readFileSync('/proc/kallsyms', 'utf8');
  assert.equal(loadAddon().hasDirectReads(), / bpf_rdonly_cast$/m.test(symbols));
});
