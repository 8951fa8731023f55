// A cgroup that the kernel has no room for: nothing is enforced in it, that is counted, and it is once there is room.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { CGROUPS } from '../support/live/cgroup-place.ts';
import { capture, directory, enforce, events, MARKER, opening } from '../support/live/live-enforcement.ts';
import { testAddon } from '../support/records/test-addon.ts';
import { until } from '../support/until.ts';

const SECRET = `${directory}/secret`;
const GROUP = `${CGROUPS}/wasprey-test-room-${process.pid}`;
/** Longer than it takes until cgroups without room are looked at again. */
const AGAIN_MS = 3000;

before(() => {
  writeFileSync(SECRET, 'secret\n');
  capture.start(['open', 'openat', 'openat2', 'creat']);
  enforce([opening(SECRET)], 'kill_process');
});
after(() => {
  capture.close();
  for (const number of [0, 1]) rmdirSync(`${GROUP}-${number}`);
});

/** A shell that goes to a cgroup of its own, says so, and waits. */
async function startIn(group: string): Promise<ChildProcess> {
  mkdirSync(group);
  const script = `echo $$ > ${group}/cgroup.procs; echo; read go; read line < ${SECRET} && : > ${MARKER}`;
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  assert.ok(shell.stdout);
  await once(shell.stdout, 'data');
  events();
  return shell;
}

async function goOn(shell: ChildProcess): Promise<{ marker: boolean; signal: unknown }> {
  rmSync(MARKER, { force: true });
  shell.stdin?.write('\n');
  const [, signal] = await once(shell, 'exit');
  return { marker: existsSync(MARKER), signal };
}

test('nothing is enforced in a cgroup without room, until there is some', async () => {
  const full = testAddon.fillPlaces();
  assert.ok(full > 200_000, `${full} put in`);
  const first = await startIn(`${GROUP}-0`);
  const second = await startIn(`${GROUP}-1`);
  assert.ok(capture.counters().imagesUnplaced >= 2);
  assert.deepEqual(await goOn(first), { marker: true, signal: null });
  testAddon.emptyPlaces();
  const end = performance.now() + AGAIN_MS;
  await until(() => {
    events();
    return performance.now() > end;
  });
  assert.deepEqual(await goOn(second), { marker: false, signal: 'SIGKILL' });
});
