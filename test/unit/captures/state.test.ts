// The state of processes at the time of an alert: read from this machine's /proc.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Hashes } from '../../../host/captures/state/hashes.ts';
import { lineOf } from '../../../host/captures/state/scope-processes.ts';
import { STATE_LIMITS, STATE_PARTS } from '../../../host/captures/state/state.ts';
import { lateParts } from '../../../host/captures/state/state-times.ts';
import { takeState } from '../../../host/captures/state/take-state.ts';
import { TimeLimit } from '../../../host/captures/state/time-limit.ts';
import { directoryForTests } from '../../support/directory.ts';
import { until } from '../../support/until.ts';

const directory = directoryForTests();
/** Far more than it takes, on a loaded machine too. */
const PATIENT = { ...STATE_LIMITS, milliseconds: 60_000 };
const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

describe('captures: the state of a tree of processes', () => {
  let shell: ChildProcess;
  let server: Server;
  before(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    shell = spawn('/bin/sh', ['-c', 'exec 9>/dev/null; sleep 1000 & sleep 1001 & wait'], {
      cwd: directory,
      env: { SECRET: 'hunter2', PATH: '/usr/bin:/bin' },
    });
    await until(() => takeState({ kind: 'process_tree', pid: shell.pid ?? 0 }, PATIENT).processes.length === 3);
  });
  after(() => {
    server.close();
    for (const { pid } of takeState({ kind: 'process_tree', pid: shell.pid ?? 0 }, PATIENT).processes)
      process.kill(pid);
  });

  it('has each process, with what it was started with and what it has open', () => {
    const state = takeState({ kind: 'process_tree', pid: shell.pid ?? 0 }, PATIENT);
    const [root, ...children] = state.processes;
    assert.ok(root);
    assert.equal(root.pid, shell.pid);
    assert.equal(root.parent, process.pid);
    assert.equal(root.directory, directory);
    assert.deepEqual(root.environment.toSorted(), ['PATH', 'SECRET']);
    assert.ok(!JSON.stringify(state).includes('hunter2'), 'values of the environment are secrets');
    assert.ok(Math.abs(root.started - Date.now()) < 600_000, String(new Date(root.started)));
    assert.equal(root.details?.descriptors.find(({ number }) => number === 9)?.target, '/dev/null');
    assert.equal(root.details?.descriptors.find(({ number }) => number === 9)?.access, 'w');
    assert.ok(root.details?.executableMaps.some(({ path }) => path === root.executable?.path));
    assert.deepEqual(children.map((child) => child.arguments).toSorted(), [
      ['sleep', '1000'],
      ['sleep', '1001'],
    ]);
    assert.equal(root.executable?.sha256, sha256(root.executable?.path ?? ''));
    assert.ok(state.mounts.some(({ point }) => point === '/'));
  });

  it('has what listens', () => {
    const { listening } = takeState({ kind: 'process_tree', pid: process.pid }, PATIENT);
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const found = listening.find((listener) => listener.address === `127.0.0.1:${address.port}`);
    assert.deepEqual(found, { protocol: 'tcp', address: `127.0.0.1:${address.port}`, pids: [process.pid] });
  });

  it('says what a bound has cut', () => {
    const scope = { kind: 'process_tree', pid: shell.pid ?? 0 } as const;
    assert.deepEqual(takeState(scope, { ...PATIENT, processes: 1, hashedBytes: 0 }).missing, [
      'Only 1 of 3 processes were read, within 60000 ms of processor time.',
      'Hashes are missing for 1 file: the limit of bytes or of time was reached.',
    ]);
    const { missing, processes } = takeState(scope, { ...PATIENT, milliseconds: 0 });
    assert.equal(processes.length, 0);
    assert.ok(missing.includes('Only 0 of 3 processes were read, within 0 ms of processor time.'), missing.join('\n'));
  });

  it('has the process that fired first, with its hash, and its ancestors in the scope', () => {
    const child = takeState({ kind: 'process_tree', pid: shell.pid ?? 0 }, PATIENT).processes[1]?.pid ?? 0;
    assert.deepEqual(lineOf(child, { kind: 'process_tree', pid: shell.pid ?? 0 }), [child, shell.pid]);
    assert.deepEqual(lineOf(child, { kind: 'process_tree', pid: 1 << 22 }), []);
    assert.ok(lineOf(child, { kind: 'all' }).includes(process.pid));
    const scope = { kind: 'process_tree', pid: shell.pid ?? 0 } as const;
    const { processes, missing } = takeState(scope, { ...PATIENT, processes: 2 }, { pid: child, time: now() });
    assert.deepEqual(
      processes.map(({ pid }) => pid),
      [child, shell.pid],
    );
    assert.ok(processes.every(({ executable }) => executable?.sha256 !== undefined));
    assert.deepEqual(missing, ['Only 2 of 3 processes were read, within 60000 ms of processor time.']);
  });

  it('says how long after the alert each part was taken, and which were late', () => {
    const scope = { kind: 'process_tree', pid: shell.pid ?? 0 } as const;
    const longAgo = { pid: 0, time: now() - 61_000_000_000n };
    const { times, missing } = takeState(scope, PATIENT, longAgo);
    assert.ok(times);
    const inOrder = [times.begun, ...STATE_PARTS.map((part) => times[part])];
    assert.ok(times.begun >= 61_000, inOrder.join());
    assert.deepEqual(
      inOrder.toSorted((one, other) => one - other),
      inOrder,
    );
    assert.match(missing.join(), /^The state is later than 60000 ms after the alert: the process that fired \d+ ms, /);
    const each = { begun: 20, fired: 30, processes: 200, files: 201, details: 240, hashes: 400 };
    assert.equal(
      lateParts(each, 200),
      'The state is later than 200 ms after the alert: mounts and changed files 201 ms, open files and memory 240 ms.',
    );
    assert.equal(lateParts({ ...each, files: 200, details: 200 }, 200), undefined);
  });

  it('has no hash of a program that came after the one that was looked at', () => {
    const hashes = new Hashes(1 << 30);
    const { ino: inode, size } = statSync('/bin/sh');
    const limit = new TimeLimit(60_000);
    assert.equal(hashes.of(openSync('/bin/sh', 'r'), { inode, size }, limit), sha256('/bin/sh'));
    assert.equal(hashes.of(openSync('/bin/sh', 'r'), { inode: inode + 1, size }, limit), undefined);
    assert.equal(hashes.of(openSync('/bin/sh', 'r'), { inode, size: size + 1 }, limit), undefined);
    assert.equal(hashes.omitted, 0);
  });

  it('says that nothing was left', () => {
    const { processes, missing } = takeState({ kind: 'container', id: 'f'.repeat(64) }, PATIENT);
    assert.deepEqual(processes, []);
    assert.deepEqual(missing.slice(0, 2), ['No process of it was left.', 'Its mounts are unknown.']);
  });
});

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
