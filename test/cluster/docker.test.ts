// Docker as the runtime: what is known of its containers, responses to them, and activity in them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startRecording } from '../../host/agent/record.ts';
import { ActivityLog } from '../../host/journal/activity/activity-log.ts';
import { readFile } from '../../host/journal/activity/read-activity.ts';
import { commandsOf } from '../../host/journal/activity/session.ts';
import { findHistory } from '../../host/journal/history.ts';
import { SecretMask } from '../../host/journal/secrets/mask-secrets.ts';
import { usualPlaces } from '../../host/metadata/directory/runtime-places.ts';
import { inspectContainer } from '../../host/metadata/docker.ts';
import type { Outcome } from '../../host/responses/action.ts';
import { StopContainer } from '../../host/responses/actors/stop-container.ts';
import type { ActionKind } from '../../host/responses/settings.ts';
import { EVENT_TYPES } from '../../host/schema/events/index.ts';
import { DockerDaemon, IMAGE_LABELS } from '../support/cluster/docker-daemon.ts';
import { directoryForTests } from '../support/directory.ts';
import { numberOfKills } from '../support/responses/killed-agent.ts';
import { killDuringStops, STUBBORN } from '../support/responses/killed-stops.ts';
import { openPerformer, type PerformerScene, responseOf } from '../support/responses/response-scene.ts';
import { until } from '../support/until.ts';

/** It takes no notice of SIGTERM. */
const SLEEP = ['/bin/sleep', '1000'];
const directory = directoryForTests();

let docker: DockerDaemon;
let scene: PerformerScene;
before(async () => {
  docker = await DockerDaemon.start();
  const places = { ...usualPlaces(), criSockets: [], dockerSocket: docker.socket, podmanSocket: '/nonexistent' };
  scene = await openPerformer(
    join(directory, 'ledger'),
    () => undefined,
    {},
    process.pid,
    (surroundings) => [['stop_container', new StopContainer(surroundings, places)]],
  );
});
after(async () => {
  await scene?.performer.close();
  await docker?.[Symbol.asyncDispose]();
});

function act(action: ActionKind, container: string): Promise<Outcome> {
  return scene.performer.perform(responseOf(action, { graceMs: 1000 }), {
    ...{ pid: 0, execTime: 1n, executable: '/bin/sleep', container, containerName: 'box' },
    ...{ labels: new Map(), pod: undefined, isIncomplete: false },
  });
}

async function assertDone(outcome: Promise<Outcome>): Promise<void> {
  assert.equal((await outcome).kind, 'done', JSON.stringify(await outcome));
}

test('labels of its image are not those of a container', async () => {
  const id = await docker.run('labelled', SLEEP, { team: 'own', 'wasprey.io/other': 'off' });
  const metadata = await inspectContainer('docker', docker.socket, id, AbortSignal.timeout(10_000));
  assert.deepEqual(
    metadata?.labels,
    new Map(Object.entries({ ...IMAGE_LABELS, team: 'own', 'wasprey.io/other': 'off' })),
  );
  assert.deepEqual(metadata?.imageLabels, new Map([['wasprey.io/responses', 'off']]));
  await assertDone(act('kill_container', id));
});

test('docker exec is a session in the container, with its commands and files', async () => {
  const id = await docker.run('entered', SLEEP);
  const path = join(directory, 'entered.wsp');
  const recording = await startRecording({
    path,
    eventTypes: EVENT_TYPES.map(({ name }) => name),
    runtimes: { criSockets: [], dockerSocket: docker.socket },
    onEnd: (reason) => assert.fail(JSON.stringify(reason)),
  });
  const script = 'sleep 0.1; echo x > /by-docker; exit 3';
  assert.equal(await docker.exec(id, ['sh', '-c', script]), 3);
  await delay(2_000);
  assert.equal((await recording.stop()).reason, undefined);

  const log = new ActivityLog({ mask: new SecretMask() });
  const [file] = findHistory([path]).files;
  assert.ok(file);
  readFile(file, log);
  const ofDocker = log.sessions.filter(({ container }) => container !== undefined && id.startsWith(container.id));
  const [session, ...more] = ofDocker.filter(({ kind }) => kind === 'exec');
  assert.ok(session, JSON.stringify(log.sessions.map(({ kind, container }) => [kind, container])));
  assert.deepEqual(more, []);
  assert.deepEqual([session.container?.name, session.container?.image, session.isOver], ['entered', 'box', true]);
  assert.equal(session.via[0], 'runc');
  assert.ok(session.via.includes('containerd-shim-runc-v2'), session.via.join());
  assert.deepEqual(
    [...commandsOf(session)].map(({ words }) => words.join(' ')),
    [`sh -c ${script}`, 'sleep 0.1'],
  );
  const [shell] = session.commands;
  assert.deepEqual([[...(shell?.files.keys() ?? [])], shell?.status], [['/by-docker'], { code: 3 }]);
  await assertDone(act('kill_container', id));
});

test('a container is stopped after its grace', async () => {
  const id = await docker.run('stubborn', SLEEP);
  const began = performance.now();
  await assertDone(act('stop_container', id));
  assert.ok(performance.now() - began >= 1000);
  const { Running: running, ExitCode: status } = await docker.state(id);
  assert.deepEqual({ running, status }, { running: false, status: 128 + 9 });
});

test('a container whose agent is killed while it is stopped is stopped or untouched', {
  timeout: 1_800_000,
}, async (context) => {
  let number = 0;
  const next = (): Promise<string> => docker.run(`killed-${number++}`, STUBBORN);
  const folder = join(directory, 'killed');
  const seen = await killDuringStops(folder, `docker:${docker.socket}`, numberOfKills(4), next);
  context.diagnostic(JSON.stringify(seen));
  assert.ok(seen.finished > 0, 'none was killed in the middle');
});

test('a container is paused and resumed; one that Docker has paused is left alone', async () => {
  const id = await docker.run('paused', ['/bin/sh', '-c', 'while :; do echo x; sleep 0.05; done']);
  const lines = async (): Promise<number> =>
    String(await docker.ask('GET', `/containers/${id}/logs?stdout=1`)).split('\n').length;
  await until(async () => (await lines()) > 2);
  await assertDone(act('pause_container', id));
  // What it has written before may still be on its way to the log.
  const before = await until(async () => {
    const count = await lines();
    await delay(300);
    return count === (await lines()) && count;
  });
  const [entry] = await scene.performer.list();
  await scene.performer.undo(entry?.id ?? '');
  await until(async () => (await lines()) > before);

  await docker.ask('POST', `/containers/${id}/pause`);
  const outcome = await act('pause_container', id);
  assert.equal(outcome.kind === 'refused' && outcome.why, 'already', JSON.stringify(outcome));
  assert.equal((await docker.state(id)).Paused, true);
  // A paused one can be killed.
  await assertDone(act('kill_container', id));
  await until(async () => (await docker.state(id)).Running === false);
});

test('Docker is down: no container is stopped, and one can be killed', async () => {
  const id = await docker.run('left', SLEEP);
  await docker.end();
  const outcome = await act('stop_container', id);
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome));
  await assertDone(act('kill_container', id));
});
