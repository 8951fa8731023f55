// The kernels whose hooks are trace events.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachesToTraceEvents } from '../../../host/schema/trace-events.ts';

test('programs are attached to trace events from Linux 7.0 on', () => {
  for (const release of ['6.1.0-37-amd64', '6.18.4', '6.99'])
    assert.equal(attachesToTraceEvents(release), false, release);
  for (const release of ['7.0.0', '7.3.1-cloud-amd64', '10.0'])
    assert.equal(attachesToTraceEvents(release), true, release);
});
