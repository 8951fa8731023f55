// isolate_container on real containers: done, refused, undone by people and on time, and after the agent was killed.

import assert from 'node:assert/strict';
import { existsSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Outcome, Target } from '../../host/responses/action.ts';
import { IsolateContainer } from '../../host/responses/actors/isolate-container.ts';
import { Isolations } from '../../host/responses/isolation/isolations.ts';
import type { Response } from '../../host/responses/settings.ts';
import { directoryForTests } from '../support/directory.ts';
import { bpfFileSystemForTests } from '../support/live/bpf-file-system.ts';
import { Container, type ContainerOptions } from '../support/live/live-container.ts';
import { AF_INET, errno, SOCK_DGRAM } from '../support/live/live-numbers.ts';
import { openPerformer, type PerformerScene, responseOf } from '../support/responses/response-scene.ts';
import { until } from '../support/until.ts';

const directory = directoryForTests();
const isolations = new Isolations(bpfFileSystemForTests());
const hasUnified = globSync('/sys/fs/cgroup/{unified/,}cgroup.procs').some((path) => existsSync(path));
const skip =
  hasUnified && globSync('/sys/fs/cgroup/{unified/,}cgroup.controllers').length > 0 ? false : 'no cgroup v2 here';
const ISOLATE = responseOf('isolate_container', { allow: ['127.0.0.1'] });
const API_SERVER = new URL('https://192.0.2.1:6443');

const boxes: Container[] = [];
after(() => {
  for (const box of boxes) box.stop();
});

function container(options: ContainerOptions = {}): Container {
  const made = new Container(options);
  boxes.push(made);
  return made;
}

function targetIn({ id, pid }: Container): Target {
  return {
    ...{ pid, execTime: 1n, executable: '/bin/cat', container: id, containerName: 'box' },
    ...{ labels: new Map(), pod: undefined, isIncomplete: false },
  };
}

function open(ledger: string, more: { readonly v1?: true } = {}): Promise<PerformerScene> {
  return openPerformer(
    join(directory, ledger),
    () => undefined,
    {},
    process.pid,
    (surroundings) => {
      const hierarchies = async () => {
        const { unified, ...rest } = await surroundings.hierarchies();
        return more.v1 ? rest : { ...rest, ...(unified !== undefined && { unified }) };
      };
      return [['isolate_container', new IsolateContainer({ ...surroundings, hierarchies }, API_SERVER, isolations)]];
    },
  );
}

/** Whether it may send a datagram out; without a route there is another error than that of the isolation. */
async function isIsolated(box: Container): Promise<boolean> {
  const calls = await box.act([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendto', 'r0', 's:x', 1, 0, 'in:198.51.100.1:9', 'len'],
  ]);
  return calls[1]?.result === -errno('EPERM');
}

function idOf(outcome: Outcome): string {
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
  return (outcome.kind === 'done' && /\w+$/.exec(outcome.undo ?? '')?.[0]) || '';
}

test('it says what was done, is refused a second time, and undone', { skip }, async () => {
  const box = container();
  const { performer } = await open('done');
  const outcome = await performer.perform(ISOLATE, targetIn(box));
  const id = idOf(outcome);
  assert.match(
    outcome.kind === 'done' ? outcome.what : '',
    /^isolated container box \([0-9a-f]{12}\); it still reaches 127\.0\.0\.1; root in it can still send by packet sockets \(CAP_NET_RAW\)$/,
  );
  assert.ok(await isIsolated(box));
  const again = await performer.perform(ISOLATE, targetIn(box));
  assert.equal(again.kind === 'refused' && again.why, 'already');
  await performer.undo(id);
  assert.ok(!(await isIsolated(box)));
  assert.deepEqual(await performer.list(), []);
  await performer.close();
});

test('names are looked up; what it can open no packet sockets with is not warned of', { skip }, async () => {
  const box = container({ capabilities: ['CAP_KILL'] });
  const { performer } = await open('names');
  const outcome = await performer.perform({ ...ISOLATE, allow: ['dns', 'kubernetes'] }, targetIn(box));
  assert.match(outcome.kind === 'done' ? outcome.what : '', /; it still reaches dns, kubernetes$/);
  await performer.undo(idOf(outcome));
  await performer.close();
});

test('undo_after lifts it on time', { skip }, async () => {
  const box = container();
  const { performer } = await open('time');
  await performer.perform({ ...ISOLATE, undoAfterMs: 1000 }, targetIn(box));
  assert.ok(await isIsolated(box));
  await until(() => !isolations.has(box.id));
  assert.ok(!(await isIsolated(box)));
  await performer.close();
});

test('an agent that is started again knows it, and undoes it on time', { skip }, async () => {
  const box = container();
  const first = await open('again');
  const response: Response = { ...ISOLATE, undoAfterMs: 3000 };
  const id = idOf(await first.performer.perform(response, targetIn(box)));
  await first.performer.close();
  assert.ok(await isIsolated(box));
  const second = await open('again');
  assert.deepEqual(
    (await second.performer.list()).map((entry) => entry.id),
    [id],
  );
  await until(() => !isolations.has(box.id));
  assert.ok(!(await isIsolated(box)));
  await second.performer.close();
});

test('what no ledger knows is lifted at the start', { skip }, async () => {
  const box = container();
  const first = await open('lost');
  await first.performer.perform(ISOLATE, targetIn(box));
  await first.performer.close();
  rmSync(join(directory, 'lost'), { recursive: true });
  const second = await open('lost');
  assert.deepEqual(second.failures, []);
  assert.ok(!isolations.has(box.id));
  assert.ok(!(await isIsolated(box)));
  await second.performer.close();
});

test('a container that has ended leaves nothing', { skip }, async () => {
  const box = container();
  const { performer } = await open('ended');
  await performer.perform(ISOLATE, targetIn(box));
  box.stop();
  assert.deepEqual(await performer.list(), []);
  assert.ok(!isolations.has(box.id));
  await performer.close();
});

test('where the container has no group of version 2 it is refused, and says so', {
  skip: globSync('/sys/fs/cgroup/freezer').length === 0 ? 'no cgroup v1 here' : false,
}, async () => {
  const box = container();
  const { performer } = await open('v1', { v1: true });
  assert.deepEqual(await performer.perform(ISOLATE, targetIn(box)), {
    kind: 'refused',
    why: 'no-target',
    detail: 'it has no control group of version 2, to which alone programs can be attached: its runtime uses version 1',
  });
  await performer.close();
});

test('what allow names and can not be looked up is a failure, and nothing is done', { skip }, async () => {
  const box = container();
  const { performer } = await open('invalid');
  const outcome = await performer.perform({ ...ISOLATE, allow: ['example'] }, targetIn(box));
  assert.equal(outcome.kind === 'failed' && outcome.reason, 'allow: example is neither a name nor a network');
  assert.ok(!(await isIsolated(box)));
  await performer.close();
});
