// Responses on control groups as this kernel has them: version 1, version 2, or both. Containers are paused and resumed, killed and isolated.

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { findGroups } from '../../host/responses/cgroups/container-groups.ts';
import { findHierarchies } from '../../host/responses/cgroups/hierarchies.ts';
import { directoryForTests } from '../support/directory.ts';
import { bpfFileSystemForTests } from '../support/live/bpf-file-system.ts';
import type { Container } from '../support/live/live-container.ts';
import { assertDone, container, processesIn, targetIn, whyRefused } from '../support/responses/response-containers.ts';
import {
  isolatingBelow,
  openPerformer,
  type PerformerScene,
  responseOf,
  stateOf,
} from '../support/responses/response-scene.ts';
import { until } from '../support/until.ts';

const PAUSE = responseOf('pause_container');
const KILL = responseOf('kill_container');
const directory = directoryForTests();
const bpf = bpfFileSystemForTests();
let scene: PerformerScene;
/** What can't fork any more sleeps: a shell would end, and with many that end at once no process is left before any are counted. */
const BOMB = 'bomb() { trap "exec sleep 1000" EXIT; bomb | bomb & wait; }; bomb';
/** A server; each of its connections is a process. */
let box: Container;

before(async () => {
  scene = await openPerformer(join(directory, 'ledger'), () => undefined, {}, process.pid, isolatingBelow(bpf));
  box = container({ program: ['/bin/nc', '-ll', '-p', '5000', '-e', '/bin/cat'] });
});
after(() => scene?.performer.close());

/** Whether a process in the container's network listens at that port. */
function listens({ pid }: Container, port: number): boolean {
  const listening = new RegExp(`:${port.toString(16).padStart(4, '0').toUpperCase()} 0+:0000 0A `);
  const tables = globSync(`/proc/${pid}/net/{tcp,tcp6}`);
  return tables.some((path) => listening.test(readFileSync(path, 'utf8')));
}

/** The lines that a process writes. */
function linesOf({ stdout }: ChildProcessWithoutNullStreams): string[] {
  const lines: string[] = [];
  stdout.on('data', (data) => lines.push(...String(data).trim().split('\n')));
  return lines;
}

test('pause_container: nothing runs until it is resumed; connections go on', async () => {
  const inside = (...words: string[]): ChildProcessWithoutNullStreams =>
    spawn('nsenter', ['-t', String(box.pid), '-n', '/usr/bin/busybox', ...words]);
  await once(inside('ip', 'link', 'set', 'lo', 'up'), 'close');
  await until(() => listens(box, 5000));
  const client = inside('nc', '127.0.0.1', '5000');
  const lines = linesOf(client);
  client.stdin.write('before\n');
  await until(() => lines.length === 1);

  const outcome = await scene.performer.perform(PAUSE, targetIn(box));
  assertDone(outcome);
  assert.equal(outcome.what, `paused container box (${box.shortId})`);
  const [entry] = (await scene.performer.list()).filter((each) => each.container === box.id);
  assert.ok(entry);
  assert.equal(outcome.undo, `wasprey responses undo ${entry.id}`);
  client.stdin.write('meanwhile\n');
  await pause(500);
  assert.deepEqual(lines, ['before']);
  assert.equal(whyRefused(await scene.performer.perform(PAUSE, targetIn(box))), 'already');

  await scene.performer.undo(entry.id);
  await until(() => lines.length === 2);
  client.stdin.write('after\n');
  await until(() => lines.length === 3);
  assert.deepEqual(lines, ['before', 'meanwhile', 'after']);
  client.kill();
  await assert.rejects(scene.performer.undo(entry.id), { code: 'RESPONSES_UNKNOWN' });
});

test('isolate_container: where the container has a group of version 2', async () => {
  const { unified } = await findGroups(await findHierarchies(), box.id, 0);
  const outcome = await scene.performer.perform(responseOf('isolate_container'), targetIn(box));
  if (unified) {
    assertDone(outcome);
    const [entry] = await scene.performer.list();
    await scene.performer.undo(entry?.id ?? '');
  } else assert.equal(whyRefused(outcome), 'no-target');
  assert.deepEqual(await scene.performer.list(), []);
});

test('kill_container: all of its processes, a fork bomb among them, and no others', async () => {
  const bombed = container({ mostProcesses: 60 });
  bombed.start(['/bin/sh', '-c', BOMB]);
  while ((await processesIn(bombed)).length < 40 && stateOf(bombed.pid) !== '') await pause(10);
  assertDone(await scene.performer.perform(KILL, targetIn(bombed)));
  assert.deepEqual(await processesIn(bombed), []);
  assert.match(stateOf(bombed.pid), /^Z?$/);
  assert.match(stateOf(box.pid), /[RS]/);
  assert.equal(whyRefused(await scene.performer.perform(KILL, targetIn(bombed))), 'gone');
});

test('kill_container: one that is paused', async () => {
  assertDone(await scene.performer.perform(PAUSE, targetIn(box)));
  assertDone(await scene.performer.perform(KILL, targetIn(box)));
  assert.deepEqual(await processesIn(box), []);
  assert.deepEqual(await scene.performer.list(), []);
});
