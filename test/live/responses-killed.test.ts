// The agent is killed in the middle of an action, at every point of it: nothing stays half done after the next start.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findGroups, processesOf } from '../../host/responses/cgroups/container-groups.ts';
import { isFreezing } from '../../host/responses/cgroups/freezer.ts';
import { findHierarchies } from '../../host/responses/cgroups/hierarchies.ts';
import { childrenOf } from '../../host/responses/processes/proc.ts';
import type { ActionKind } from '../../host/responses/settings.ts';
import { bpfFileSystemForTests } from '../support/bpf-file-system.ts';
import { directoryForTests } from '../support/directory.ts';
import { Container } from '../support/live-container.ts';
import { PodScene } from '../support/pod-scene.ts';
import {
  isolatingBelow,
  labellingBy,
  openPerformer,
  type PerformerScene,
  SET_LABELS,
  stateOf,
} from '../support/response-scene.ts';
import { until } from '../support/until.ts';

const CHILD = fileURLToPath(new URL('../support/response-child.ts', import.meta.url));
/** Of each action. WASPREY_KILLS sets another number. */
const KILLS = Number(process.env.WASPREY_KILLS ?? 10);
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

/** Kills it after so many ms of its action; a lap is how long that takes if it is let go on. Resolves to what it has printed. */
async function act(
  action: ActionKind,
  box: string,
  pid: number,
  killAfterMs: number,
  ...more: readonly string[]
): Promise<string> {
  const child = spawn(process.execPath, [CHILD, folder, bpf, action, box, String(pid), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data) => (printed += data));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await ended;
  clearTimeout(timer);
  return printed;
}

const folder = join(directory, 'ledger');
const bpf = bpfFileSystemForTests();

/** With the actor of label_pod in `pods`. */
const open = (pods?: PodScene): Promise<PerformerScene> =>
  openPerformer(folder, () => 1n, {}, process.pid, pods ? labellingBy(pods.kubeconfig) : isolatingBelow(bpf));

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

/** Points of time, spread over a lap and a little more. */
function* delays(lap: number): Generator<number> {
  for (let kill = 0; kill < KILLS; kill++) yield (lap * 1.2 * kill) / KILLS + Math.random();
}

test('pause_container, and its undoing', { timeout: 600_000 }, async (context) => {
  const box = container();
  const began = performance.now();
  assert.match(await act('pause_container', box.id, 0, 60_000), /done\nundone\n$/);
  const lap = Math.min(performance.now() - began, 60);
  const seen = { paused: 0, running: 0 };
  for (const delay of delays(lap)) {
    await act('pause_container', box.id, 0, delay);
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
  const began = performance.now();
  assert.match(await act('isolate_container', box.id, 0, 60_000), /done\nundone\n$/);
  const lap = Math.min(performance.now() - began, 60);
  let isolated = 0;
  for (const delay of delays(lap)) {
    await act('isolate_container', box.id, 0, delay);
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
  for (const delay of delays(30)) {
    const box = container();
    const groups = await groupsOf(box);
    const printed = await act('kill_container', box.id, 0, delay);
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

test('kill_process_tree', { timeout: 600_000 }, async (context) => {
  let killed = 0;
  for (const delay of delays(40)) {
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
    await act('kill_process_tree', '', root, delay);
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
  const own = { ...pods.labels };
  const began = performance.now();
  assert.match(await act('label_pod', 'c', 0, 60_000, pods.kubeconfig), /done\nundone\n$/);
  const lap = Math.min(performance.now() - began, 60);
  let labelled = 0;
  for (const delay of delays(lap)) {
    await act('label_pod', 'c', 0, delay, pods.kubeconfig);
    const inForce = await restart(pods);
    const expected = inForce.length === 1 ? { ...own, ...Object.fromEntries(SET_LABELS) } : own;
    assert.deepEqual(pods.labels, expected, `killed after ${delay} ms: ${inForce.length} in force`);
    labelled += inForce.length;
    await undoAll(pods);
    assert.deepEqual(pods.labels, own);
  }
  context.diagnostic(`labelled after ${labelled} of ${KILLS}`);
});

test('the ledger is valid after each of them', () => {
  assert.match(readFileSync(join(folder, 'ledger'), 'utf8'), /^wasprey responses 1 [0-9a-f]{64}\n/);
});
