// What the addon finds that the kernel lacks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { test } from 'node:test';
import { loadAddon } from '../../../host/capture/addon.ts';
import { IO_URING_OPERATIONS } from '../../../host/schema/events/io-uring.ts';

test('the addon asks the kernel which operations of io_uring it lacks', () => {
  const missing = loadAddon().missingIoUringOperations();
  assert.ok(missing, 'this process may not use io_uring');
  for (const name of missing) assert.ok(name in IO_URING_OPERATIONS, name);
  const [major = 0, minor = 0] = release().split('.', 2).map(Number);
  // The newest of them, BIND and LISTEN, came with Linux 6.11.
  if (major > 6 || (major === 6 && minor >= 11)) assert.deepEqual(missing, []);
});

test('direct reads are there where the kernel has the function for them', () => {
  const symbols = readFileSync('/proc/kallsyms', 'utf8');
  assert.equal(loadAddon().hasDirectReads(), / bpf_rdonly_cast$/m.test(symbols));
});
