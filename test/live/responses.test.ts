// Responses on real processes: what is acted on, and what is left alone.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import {
  FollowedProcesses,
  openPerformer,
  type PerformerScene,
  responseOf,
  stateOf,
} from '../support/responses/response-scene.ts';
import { until } from '../support/until.ts';

const KILL = responseOf('kill_process');
const KILL_TREE = responseOf('kill_process_tree');
const directory = directoryForTests();
const children: ChildProcess[] = [];
let processes: FollowedProcesses;
let scene: PerformerScene;

before(async () => {
  processes = new FollowedProcesses();
  scene = await openPerformer(join(directory, 'ledger'), processes.execTime, {}, 0);
});
after(async () => {
  for (const child of children) endGroup(child);
  await scene?.performer.close();
  processes?.[Symbol.dispose]();
});

/** Resolves when it runs that program, and not node's image any more. */
async function run(program: string, ...words: string[]): Promise<ChildProcess & { pid: number }> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  children.push(child);
  await once(child, 'spawn');
  assert.ok(child.pid !== undefined);
  return child as ChildProcess & { pid: number };
}

/** With all that it has started. */
function endGroup({ pid = 0, stdin, stdout }: ChildProcess): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // none is left
  }
  stdin?.destroy();
  stdout?.destroy();
}

describe('kill_process', () => {
  test('the process that matched', async () => {
    const child = await run('sleep', '1000');
    const outcome = await scene.performer.perform(KILL, processes.target(child.pid, { executable: '/usr/bin/sleep' }));
    assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
    assert.equal(outcome.kind === 'done' && outcome.what, `killed process ${child.pid} (/usr/bin/sleep)`);
    assert.ok(['', 'Z'].includes(stateOf(child.pid)));
  });
  test('not: a process that has run another program since', async () => {
    const child = await run('sh', '-c', 'read line; exec sleep 1000');
    const target = processes.target(child.pid);
    child.stdin?.write('\n');
    await until(() => processes.target(child.pid).execTime !== target.execTime);
    const outcome = await scene.performer.perform(KILL, target);
    assert.deepEqual(outcome, {
      kind: 'refused',
      why: 'gone',
      detail: `process ${child.pid} has ended, or runs another program now`,
    });
    // Until then the program may still be starting.
    await until(() => stateOf(child.pid) === 'S');
  });
  test('not: whoever has its pid later', async () => {
    const first = await run('sleep', '1000');
    const target = processes.target(first.pid);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const second = await runWithPid(first.pid);
    assert.equal((await scene.performer.perform(KILL, target)).kind, 'refused');
    assert.match(stateOf(second), /[RS]/);
    // The check is on the program, not on the pid: it is hit when it is meant.
    assert.equal((await scene.performer.perform(KILL, processes.target(second))).kind, 'done');
  });
  test('a process whose first thread has ended', async () => {
    const script =
      'import os,threading,ctypes\nthreading.Thread(target=lambda:__import__("time").sleep(1000)).start()\nctypes.CDLL(None).syscall(60,0)';
    const child = await run('python3', '-c', script);
    await until(() => stateOf(child.pid) === 'Z');
    assert.equal((await scene.performer.perform(KILL, processes.target(child.pid))).kind, 'done');
    await until(() => stateOf(child.pid) === '');
  });
});

describe('kill_process_tree', () => {
  test('the process and all below it, while they fork', async () => {
    const forks = 'while :; do sh -c "sleep 1000; :" & sleep 0.01; done';
    const child = await run('sh', '-c', `sh -c '${forks}' & sh -c 'sleep 1000; :'`);
    const all = await until(async () => {
      const found = await descendantsOf(child.pid);
      return found.length > 4 && found;
    });
    const outcome = await scene.performer.perform(KILL_TREE, processes.target(child.pid));
    assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
    for (const pid of all) assert.ok(['', 'Z'].includes(stateOf(pid)), `${pid} is left`);
  });
  test('not: a tree with a protected process; nothing of it is stopped', async () => {
    const child = await run('sh', '-c', 'sleep 1000 & sleep 1001 & wait');
    const [first = 0] = await until(async () => {
      const found = await descendantsOf(child.pid);
      // Until its exec, a child of the shell is a shell, which nothing protects.
      return found.length >= 2 && found.every((pid) => commOf(pid) === 'sleep') && found;
    });
    const { performer } = scene;
    const settings = performer.settings;
    performer.use({ ...settings, never: { ...settings.never, executables: ['sleep'] } });
    const outcome = await performer.perform(KILL_TREE, processes.target(child.pid));
    performer.use(settings);
    assert.equal(outcome.kind === 'refused' && outcome.why, 'protected', JSON.stringify(outcome));
    assert.match(stateOf(child.pid), /[RS]/);
    assert.match(stateOf(first), /[RS]/);
  });
});

function commOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
}

/** Starts a program that gets that pid, which is free. */
async function runWithPid(pid: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const script = `echo ${pid - 1} > /proc/sys/kernel/ns_last_pid; sleep 1000 & echo $!; wait`;
    const child = await run('sh', '-c', script);
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    if (Number(line.toString()) === pid) {
      await until(() => commOf(pid) === 'sleep');
      return pid;
    }
    endGroup(child);
  }
  throw new Error(`no process got the pid ${pid}`);
}

async function descendantsOf(pid: number): Promise<number[]> {
  const { childrenOf } = await import('../../host/responses/processes/proc.ts');
  const own = await childrenOf(pid);
  return [...own, ...(await Promise.all(own.map(descendantsOf))).flat()];
}
