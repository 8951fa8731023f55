// The agent is killed in the middle of an action, at every point of it: nothing stays half done after the next start.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { findGroups, processesOf } from '../../host/responses/cgroups/container-groups.ts';
import { isFreezing } from '../../host/responses/cgroups/freezer.ts';
import { findHierarchies } from '../../host/responses/cgroups/hierarchies.ts';
import { childrenOf } from '../../host/responses/processes/proc.ts';
import { directoryForTests } from '../support/directory.ts';
import { bpfFileSystemForTests } from '../support/live/bpf-file-system.ts';
import { Container } from '../support/live/live-container.ts';
import {
  actAndKill,
  type KilledAgent,
  killTimes,
  numberOfKills,
  timeAction,
} from '../support/responses/killed-agent.ts';
import {
  actorsAsking,
  isolatingBelow,
  openPerformer,
  type PerformerScene,
  SET_LABELS,
  stateOf,
} from '../support/responses/response-scene.ts';
import { PodScene } from '../support/servers/pod-scene.ts';
import { until } from '../support/until.ts';

const KILLS = numberOfKills(10);
const directory = directoryForTests();
const boxes: Container[] = [];
after(() => {
  for (const box of boxes) box.stop();
});

function container(): Container {
  const made = new Container();
  boxes.push(made);
  return made;
}

const folder = join(directory, 'ledger');
const bpf = bpfFileSystemForTests();

const asked = ({ kubeconfig }: PodScene): string => `kubeconfig:${kubeconfig}`;

/** With the actors on pods, if there are some. */
const open = (pods?: PodScene): Promise<PerformerScene> =>
  openPerformer(folder, () => 1n, {}, process.pid, pods ? actorsAsking(asked(pods)) : isolatingBelow(bpf));

/** Starts as the agent does after that, and ends. Resolves to what is in force. */
async function restart(pods?: PodScene): Promise<string[]> {
  const { performer, failures } = await open(pods);
  assert.deepEqual(failures, []);
  const { entries } = performer.inForce;
  assert.deepEqual(await performer.list(), entries, 'something is under way');
  await performer.close();
  return entries.map(({ id }) => id);
}

async function undoAll(pods?: PodScene): Promise<void> {
  const { performer } = await open(pods);
  for (const { id } of await performer.list()) await performer.undo(id);
  await performer.close();
}

async function groupsOf({ id }: Container): Promise<Awaited<ReturnType<typeof findGroups>>> {
  return await findGroups(await findHierarchies(), id, 0);
}

test('pause_container, and its undoing', { timeout: 600_000 }, async (context) => {
  const box = container();
  const pausing: KilledAgent = { folder, action: 'pause_container', container: box.id };
  const lap = await timeAction(pausing);
  const seen = { paused: 0, running: 0 };
  for (const delay of killTimes(lap, KILLS)) {
    await actAndKill(pausing, delay);
    const inForce = await restart();
    const groups = await groupsOf(box);
    const isPaused = await isFreezing(groups);
    assert.equal(isPaused, inForce.length === 1, `killed after ${delay} ms: ${isPaused ? 'paused' : 'running'}`);
    seen[isPaused ? 'paused' : 'running']++;
    if (isPaused) assert.match(stateOf(box.pid), /[DS]/);
    await undoAll();
    assert.equal(await isFreezing(groups), false);
  }
  context.diagnostic(`paused after ${seen.paused} of ${KILLS}, running after ${seen.running}`);
});

test('isolate_container, and its undoing', { timeout: 600_000 }, async (context) => {
  const box = container();
  const { unified } = await groupsOf(box);
  if (!unified) {
    context.skip('no cgroup v2 here');
    return;
  }
  const programs = (): number => {
    const list = execFileSync('bpftool', ['--json', 'cgroup', 'show', unified.folder], { encoding: 'utf8' });
    return (JSON.parse(list.trim() || '[]') as unknown[]).length;
  };
  // The kernel takes programs off a group a moment after their files were removed.
  const haveGone = (when: string) =>
    until(() => programs() === 0).catch(() => assert.fail(`${when}: ${programs()} programs on its group`));
  const isolating: KilledAgent = { folder, bpf, action: 'isolate_container', container: box.id };
  const lap = await timeAction(isolating);
  let isolated = 0;
  for (const delay of killTimes(lap, KILLS)) {
    await actAndKill(isolating, delay);
    const inForce = await restart();
    if (inForce.length === 1) {
      assert.ok(programs() > 0, `killed after ${delay} ms: no programs on its group`);
      isolated++;
    } else await haveGone(`killed after ${delay} ms`);
    await undoAll();
    await haveGone('undone');
    assert.deepEqual(readdirSync(join(bpf, 'wasprey-isolated')), []);
  }
  context.diagnostic(`isolated after ${isolated} of ${KILLS}`);
});

test('kill_container', { timeout: 600_000 }, async (context) => {
  let killed = 0;
  for (const delay of killTimes(30, KILLS)) {
    const box = container();
    const groups = await groupsOf(box);
    const printed = await actAndKill({ folder, action: 'kill_container', container: box.id }, delay);
    assert.deepEqual(await restart(), []);
    const left = (await Promise.all(Object.values(groups).map((group) => processesOf(group.folder)))).flat();
    // All or none of it is done: none, if it was killed before the action was written.
    if (left.length === 0) killed++;
    else assert.equal(await isFreezing(groups), false, `frozen after ${delay} ms: ${printed}`);
    if (printed.includes('done')) assert.equal(left.length, 0);
    box.stop();
  }
  context.diagnostic(`killed after ${killed} of ${KILLS}`);
});

test('kill_process', { timeout: 600_000 }, async (context) => {
  let killed = 0;
  for (const delay of killTimes(20, KILLS)) {
    const victim = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const pid = victim.pid ?? 0;
    const printed = await actAndKill({ folder, action: 'kill_process', pid }, delay);
    const state = stateOf(pid);
    assert.deepEqual(await restart(), []);
    assert.match(state, printed.includes('done') ? /^Z?$/ : /^[SRZ]?$/, `killed after ${delay} ms`);
    assert.equal(stateOf(pid), state, 'the next agent has nothing to do');
    if (!/^[SR]/.test(state)) killed++;
    victim.kill('SIGKILL');
  }
  context.diagnostic(`killed after ${killed} of ${KILLS}`);
});

test('kill_process_tree', { timeout: 600_000 }, async (context) => {
  let killed = 0;
  for (const delay of killTimes(40, KILLS)) {
    const tree = spawn('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8; do sh -c "sleep 1000; :" & done; wait'], {
      detached: true,
      stdio: 'ignore',
    });
    const root = tree.pid ?? 0;
    const below = async (pid: number): Promise<number[]> => {
      const own = await childrenOf(pid);
      return [...own, ...(await Promise.all(own.map(below))).flat()];
    };
    while ((await below(root)).length < 16) await pause(2);
    const all = [root, ...(await below(root))];
    await actAndKill({ folder, action: 'kill_process_tree', pid: root }, delay);
    assert.deepEqual(await restart(), []);
    // One that was stopped, and then killed, runs to its end.
    const states = await until(() => {
      const now = all.map(stateOf);
      return !now.includes('R') && now;
    });
    const ended = states.filter((state) => state === '' || state === 'Z').length;
    assert.ok(
      ended === 0 || ended === all.length,
      `${ended} of ${all.length} ended, killed after ${delay} ms: ${states}`,
    );
    assert.ok(!states.includes('T'), `stopped, killed after ${delay} ms: ${states}`);
    if (ended > 0) killed++;
    else process.kill(-root, 'SIGKILL');
  }
  context.diagnostic(`killed after ${killed} of ${KILLS}`);
});

test('label_pod, and its undoing', { timeout: 600_000 }, async (context) => {
  await using pods = await PodScene.start();
  const labelling: KilledAgent = { folder, action: 'label_pod', container: 'c', asks: asked(pods) };
  const own = { ...pods.labels };
  const lap = await timeAction(labelling);
  let labelled = 0;
  for (const delay of killTimes(lap, KILLS)) {
    await actAndKill(labelling, delay);
    const inForce = await restart(pods);
    const expected = inForce.length === 1 ? { ...own, ...Object.fromEntries(SET_LABELS) } : own;
    assert.deepEqual(pods.labels, expected, `killed after ${delay} ms: ${inForce.length} in force`);
    labelled += inForce.length;
    await undoAll(pods);
    assert.deepEqual(pods.labels, own);
  }
  context.diagnostic(`labelled after ${labelled} of ${KILLS}`);
});

test('delete_pod', { timeout: 600_000 }, async (context) => {
  await using pods = await PodScene.start();
  const deleting: KilledAgent = { folder, action: 'delete_pod', container: 'c', asks: asked(pods) };
  const lap = await timeAction(deleting);
  let deleted = 0;
  for (const delay of killTimes(lap, KILLS)) {
    pods.isDeleted = false;
    pods.deletions = 0;
    const printed = await actAndKill(deleting, delay);
    const after = pods.deletions;
    assert.deepEqual(await restart(pods), []);
    assert.equal(pods.deletions, after, 'the next agent has nothing to do');
    assert.ok(printed.includes('done') ? after === 1 : after <= 1, `killed after ${delay} ms: ${after} deletions`);
    deleted += after;
  }
  context.diagnostic(`deleted after ${deleted} of ${KILLS}`);
});

test('the ledger is valid after each of them', () => {
  assert.match(readFileSync(join(folder, 'ledger'), 'utf8'), /^wasprey responses 1 [0-9a-f]{64}\n/);
});
