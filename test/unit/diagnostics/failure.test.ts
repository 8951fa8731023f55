// Failures that people can fix, as commands print them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure } from '../../../host/diagnostics/failure.ts';
import { EngineError } from '../../../host/engine/messages/engine-error.ts';

test('a capture that could not start: the detail of the kernel, and no line when there is none', () => {
  const code = 'CAPTURE_LOAD';
  const message = 'Loading failed.';
  const start = 'the capture could not start: Loading failed. [CAPTURE_LOAD]';
  assert.deepEqual(describeFailure(new EngineError({ code, message, detail: 'EPERM' })), {
    message: start,
    help: 'EPERM',
  });
  assert.deepEqual(describeFailure(new EngineError({ code, message })), { message: start, help: undefined });
});
