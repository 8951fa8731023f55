// delete_pod and label_pod: what they do, keep, undo, and say where it fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Circumstances, RefusalError, type Target } from '../../../host/responses/action.ts';
import { DeletePod } from '../../../host/responses/actors/delete-pod.ts';
import { LabelPod } from '../../../host/responses/actors/label-pod.ts';
import type { LedgerEntry } from '../../../host/responses/ledger-entry.ts';
import type { Response } from '../../../host/responses/settings.ts';
import { POD, PodScene } from '../../support/servers/pod-scene.ts';

const TARGET: Target = {
  ...{ pid: 7, execTime: 1n, executable: '/bin/sh', container: 'c', containerName: 'main' },
  ...{ labels: new Map(), pod: POD, isIncomplete: false },
};
const LABELS = new Map([
  ['quarantine', 'true'],
  ['app', 'none'],
]);
const response = (action: Response['action']): Response => ({
  name: 'r',
  match: {},
  action,
  where: 'host',
  labels: LABELS,
});

/** Nothing is in force, and there is time. */
const NOW: Circumstances = { entries: [], signal: new AbortController().signal };

function entryOf(kept: LedgerEntry['kept'] | undefined): LedgerEntry {
  const texts = { id: '1', response: 'r', container: 'c', containerName: 'main', pod: 'shop/web-1', boot: '' };
  // As it is read again from disk.
  return { ...texts, action: 'label_pod', phase: 'in-force', time: 0, kept: JSON.parse(JSON.stringify(kept)) };
}

const isRefused = (why: string) => (error: unknown) => error instanceof RefusalError && error.why === why;

test('a pod is deleted', async () => {
  await using scene = await PodScene.start();
  const deed = await new DeletePod(scene.pods).prepare(response('delete_pod'), TARGET);
  assert.equal(deed.what, 'delete pod shop/web-1');
  assert.ok(!scene.isDeleted, 'not before it is to be');
  await deed.perform();
  assert.ok(scene.isDeleted);
  assert.equal(deed.kept, undefined);
  await assert.rejects(deed.perform(), isRefused('gone'));
});

test('a pod is labelled, and has its own labels again when that is undone', async () => {
  await using scene = await PodScene.start();
  const actor = new LabelPod(scene.pods);
  const deed = await actor.prepare(response('label_pod'), TARGET, NOW);
  assert.equal(deed.what, 'label pod shop/web-1: quarantine=true, app=none');
  await deed.perform();
  assert.deepEqual(scene.labels, { app: 'none', quarantine: 'true' });
  const entry = entryOf(deed.kept);
  assert.equal(await actor.isOver(entry), false);
  await assert.rejects(actor.prepare(response('label_pod'), TARGET, NOW), isRefused('already'));
  await actor.undo(entry, []);
  assert.deepEqual(scene.labels, { app: 'web' });
  await actor.undo(entry, []);
  assert.deepEqual(scene.labels, { app: 'web' });
});

test('a label that somebody has changed since is left alone', async () => {
  await using scene = await PodScene.start();
  const actor = new LabelPod(scene.pods);
  const deed = await actor.prepare(response('label_pod'), TARGET, NOW);
  await deed.perform();
  scene.labels.quarantine = 'reviewed';
  await actor.undo(entryOf(deed.kept), []);
  assert.deepEqual(scene.labels, { app: 'web', quarantine: 'reviewed' });
});

test('a pod that is being deleted already is left alone', async () => {
  await using scene = await PodScene.start();
  scene.isEnding = true;
  await assert.rejects(new DeletePod(scene.pods).prepare(response('delete_pod'), TARGET), isRefused('already'));
});

for (const [name, first] of [
  ['in the order in which they began', 0],
  ['in the other order', 1],
] as const) {
  test(`two responses that set the same label of a pod are undone ${name}: it has its own label again`, async () => {
    await using scene = await PodScene.start();
    const actor = new LabelPod(scene.pods);
    const entries: LedgerEntry[] = [];
    for (const value of ['watched', 'isolated']) {
      const labels = new Map([['app', value]]);
      const deed = await actor.prepare({ ...response('label_pod'), labels }, TARGET, { ...NOW, entries });
      await deed.perform();
      entries.push({ ...entryOf(deed.kept), id: value });
    }
    const [entry] = entries.splice(first, 1);
    await actor.undo(entry ?? assert.fail(), entries);
    assert.deepEqual(scene.labels, { app: first === 0 ? 'isolated' : 'watched' });
    await actor.undo(entries[0] ?? assert.fail(), []);
    assert.deepEqual(scene.labels, { app: 'web' });
  });
}

test('half done, it is finished; of a pod that is gone nothing is left', async () => {
  await using scene = await PodScene.start();
  const actor = new LabelPod(scene.pods);
  const { kept } = await actor.prepare(response('label_pod'), TARGET, NOW);
  const entry = entryOf(kept);
  assert.equal(await actor.finish(entry), true);
  assert.equal(scene.labels.quarantine, 'true');
  scene.isDeleted = true;
  assert.equal(await actor.finish(entry), false);
  assert.equal(await actor.isOver(entry), true);
  await actor.undo(entry, []);
  await assert.rejects(actor.prepare(response('label_pod'), TARGET, NOW), isRefused('gone'));
});

test('no pod, no uid, and no API server', async () => {
  await using scene = await PodScene.start();
  const actor = new DeletePod(scene.pods);
  const prepare = (pod: Target['pod']) => actor.prepare(response('delete_pod'), { ...TARGET, pod });
  await assert.rejects(prepare(undefined), isRefused('no-target'));
  await assert.rejects(prepare({ ...POD, uid: '' }), isRefused('incomplete'));
  const without = new DeletePod(undefined).prepare(response('delete_pod'), TARGET);
  await assert.rejects(without, /the agent knows no API server/);
});
