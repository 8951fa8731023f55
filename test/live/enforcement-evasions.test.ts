// Ways in which a process might make itself one that the kernel does not act on, or use up what others may be acted on for.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ENFORCED } from '../../host/schema/enforced.ts';
import { Container } from '../support/live/live-container.ts';
import {
  capture,
  directory,
  enforce,
  events,
  isConnectRefused,
  MARKER,
  opening,
  RUNS_ON,
  reaching,
  run,
  STOPPED,
} from '../support/live/live-enforcement.ts';

const SECRET = `${directory}/secret`;
const READ = `read line < ${SECRET} && : > ${MARKER}`;
/** Generations that are looked through for the agent, and some more. */
const DEEP = 140;

before(() => {
  writeFileSync(SECRET, 'secret\n');
  capture.start(['open', 'openat', 'openat2', 'creat', 'connect']);
});
/** Limits begin anew. */
beforeEach(() => {
  capture.enforce(undefined);
  events();
});
after(() => capture.close());

function outcomes(): number[] {
  return events().map(({ outcome }) => outcome);
}

test('a process with more ancestors than are looked through is not taken for one of the agent', () => {
  enforce([opening(SECRET)], 'kill_process');
  const script = `${directory}/deep.sh`;
  writeFileSync(script, `if [ $1 -gt 0 ]; then sh ${script} $(($1 - 1)); exit 0; fi; ${READ}`);
  // Its parents go on, and end.
  assert.deepEqual(run('/bin/sh', script, String(DEEP)), { ...STOPPED, signal: null });
  assert.deepEqual(outcomes(), [ENFORCED.STOPPED]);
});

test('a program on a mount that a user has taken away is not exempt from responses', () => {
  enforce([opening(SECRET)], 'kill_process', { executables: ['/usr/bin/other'] });
  const program = `${directory}/mount/program`;
  const script = [
    `mkdir -p ${directory}/mount && mount -t tmpfs none ${directory}/mount && cp /bin/sh ${program}`,
    `exec ${program} -c 'umount -l ${directory}/mount; ${READ}'`,
  ];
  const unshared = (name: string): unknown =>
    run(
      'unshare',
      '--user',
      '--map-root-user',
      '--mount',
      '/bin/sh',
      '-c',
      script.join('\n').replaceAll('program', name),
    );
  assert.deepEqual(unshared('program'), STOPPED);
  // The name of a runtime is known still.
  assert.deepEqual(unshared('runc'), RUNS_ON);
  assert.deepEqual(outcomes(), [ENFORCED.STOPPED, ENFORCED.PROTECTED]);
});

test('what the limit of the node keeps back does not use up that of the container', async () => {
  const container = new Container();
  try {
    const isRefused = (): Promise<boolean> => isConnectRefused(container);
    const milliseconds = 3000;
    const perNode = { count: 1, milliseconds };
    enforce([{ ...reaching(9), process: 'container' }], 'deny', {
      perNode,
      perContainer: { count: 2, milliseconds: 600_000 },
    });
    const first = [await isRefused(), await isRefused(), await isRefused()];
    assert.deepEqual(first, [true, false, false]);
    await delay(2 * milliseconds + 1000);
    assert.equal(await isRefused(), true);
  } finally {
    await container.stop();
  }
});
