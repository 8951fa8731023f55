// Which operations of io_uring the kernel lacks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../host/capture/addon.ts';
import { IO_URING_OPERATIONS } from '../../../host/schema/events/io-uring.ts';

test('the addon asks the kernel which operations it lacks', () => {
  for (const name of loadAddon().missingIoUringOperations() ?? []) assert.ok(name in IO_URING_OPERATIONS, name);
});
