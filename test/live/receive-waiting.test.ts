// Receives by io_uring that wait: what an alert has of them is what the kernel used.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';

const PROGRAM = cProgram(fileURLToPath(new URL('../support/programs/waiting-receives.c', import.meta.url)));
const RECEIVES = probe(
  ['recvfrom', 'recvmsg'],
  ['evt.arg.size', 'evt.buffer', 'fd.name', 'fd.cip'],
  `proc.exepath = ${PROGRAM}`,
);

const agent = LiveAgent.forTests([RECEIVES.rule]);

/** The alert of the one receive of a run. */
async function received(mode: string): Promise<AlertLine> {
  const running = promisify(execFile)(PROGRAM, [mode]);
  const pid = BigInt(running.child.pid ?? assert.fail());
  await running;
  await agent.settled();
  const [alert, ...others] = agent.alerts(RECEIVES.name, { 'proc.vpid': pid });
  assert.deepEqual(others, []);
  return alert ?? assert.fail('it was not reported');
}

test('all of a stream that comes in parts: the first of them too', async () => {
  assertFields(await received('parts'), {
    'evt.rawres': 44,
    'evt.arg.size': '44',
    'evt.buffer': 'the secret is in the first part of many!last',
  });
});

test('a message whose header is changed while it waits: the data and the sender that the kernel wrote', async () => {
  const alert = await received('header');
  assertFields(alert, { 'evt.rawres': 6, 'evt.buffer': 'secret', 'fd.cip': '127.0.0.1' });
});
