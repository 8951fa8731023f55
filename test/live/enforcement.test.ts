// Enforcement in the kernel, on real processes: what a process would have written after its call shows whether it was stopped.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, existsSync, linkSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { EnforcementRails } from '../../host/capture/enforcement-rails.ts';
import { enforcementTables } from '../../host/capture/enforcement-tables.ts';
import { ENFORCED } from '../../host/schema/enforced.ts';
import { act, actProgram, actWords, type Step, str } from '../support/live/live-act.ts';
import {
  capture,
  directory,
  type Enforced,
  enforce,
  events,
  MARKER,
  opening,
  RAILS,
  RUNS_ON,
  reaching,
  read,
  run,
  running,
  STOPPED,
} from '../support/live/live-enforcement.ts';
import { AF_INET, AT_FDCWD, O, SOCK_DGRAM } from '../support/live/live-numbers.ts';
import { until } from '../support/until.ts';

const EVENT_TYPES = ['open', 'openat', 'openat2', 'creat', 'execve', 'connect', 'sendto', 'sendmsg'];
const SECRET = `${directory}/secret`;
const PROGRAM = `${directory}/forbidden`;

before(() => {
  writeFileSync(SECRET, 'secret\n');
  writeFileSync(`${directory}/secret2`, 'other\n');
  copyFileSync('/bin/sh', PROGRAM);
  capture.start(EVENT_TYPES);
});
beforeEach(() => events());
after(() => {
  assert.equal(capture.counters().imagesUnplaced, 0);
  capture.close();
});

const ROUNDS = 20;

test('A program is killed before it begins, whatever leads to it; others are not', () => {
  symlinkSync(PROGRAM, `${directory}/link`);
  copyFileSync('/bin/sh', `${directory}/forbidden2`);
  enforce([running(PROGRAM)], 'kill_process');
  const enforced: Enforced[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    assert.deepEqual(run(PROGRAM, '-c', `: > ${MARKER}`), STOPPED);
    assert.deepEqual(run(`${directory}/link`, '-c', `: > ${MARKER}`), STOPPED);
    assert.deepEqual(run(`${directory}/forbidden2`, '-c', `: > ${MARKER}`), RUNS_ON);
    enforced.push(...events()); // a busy machine fills the rings
  }
  assert.equal(enforced.length, 2 * ROUNDS);
  for (const each of enforced) assert.deepEqual(each, { type: 'execve', outcome: ENFORCED.STOPPED, result: 0n });
});

test('A process that opens a file is killed before it reads it, by whatever name it is opened', () => {
  symlinkSync('secret', `${directory}/to-secret`);
  linkSync(SECRET, `${directory}/hard`);
  enforce([opening(SECRET)], 'kill_process');
  const enforced: Enforced[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const path of [SECRET, 'secret', './to-secret', `/proc/self/root${SECRET}`, `${directory}/hard`])
      assert.deepEqual(read(path), STOPPED, path);
    assert.deepEqual(read(`${directory}/secret2`), RUNS_ON);
    enforced.push(...events());
  }
  assert.equal(enforced.length, 5 * ROUNDS);
  for (const { outcome } of enforced) assert.equal(outcome, ENFORCED.STOPPED);
});

test('The record says when a call has had its effect', () => {
  enforce([opening(SECRET, `${directory}/new`)], 'kill_process');
  assert.deepEqual(run('/bin/sh', '-c', `: > ${directory}/new; : > ${MARKER}`), STOPPED);
  assert.ok(existsSync(`${directory}/new`));
  // Its other threads could have used the file.
  const script = `require('fs').readFileSync(${JSON.stringify(SECRET)}); require('fs').writeFileSync(${JSON.stringify(MARKER)}, '')`;
  assert.deepEqual(run(process.execPath, '-e', script), STOPPED);
  assert.deepEqual(
    events().map(({ outcome }) => outcome),
    [ENFORCED.KILLED, ENFORCED.KILLED],
  );
});

test('Nothing else is killed', async () => {
  enforce([opening(SECRET)], 'kill_process');
  // With pauses, so that its events do not fill the rings while the test waits for what it reads.
  const opens: Step[] = [
    ['@loop', 1_000_000],
    ['openat', AT_FDCWD, str(`${directory}/secret2`), O.RDONLY],
    ['close', 'r'],
    ['@sleep', 5],
  ];
  const crowd = Array.from({ length: 20 }, () => spawn(actProgram(), actWords(opens)));
  const outcomes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    assert.deepEqual(read(SECRET), STOPPED);
    outcomes.push(...events().map(({ outcome }) => outcome));
  }
  for (const child of crowd) child.kill('SIGTERM');
  for (const child of crowd) assert.deepEqual(await endOf(child), [null, 'SIGTERM']);
  outcomes.push(...events().map(({ outcome }) => outcome));
  assert.deepEqual(outcomes, Array(ROUNDS).fill(ENFORCED.STOPPED));
});

function endOf(child: ChildProcess): Promise<unknown[]> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve([child.exitCode, child.signalCode])
    : once(child, 'exit');
}

/** Connects, and writes the marker if it comes so far; in a process that lives, the result of the connect too. */
function connectBy(port: number): Promise<[code: number | null, signal: string | null]> {
  const script = `
    const socket = require('net').connect(${port}, '127.0.0.1');
    socket.on('connect', () => process.exit(3)).on('error', ({ code }) => process.exit(code === 'EPERM' ? 5 : 4));`;
  return endOf(spawn(process.execPath, ['-e', script])) as Promise<[number | null, string | null]>;
}

test('A connect is refused before anything is sent, or its process killed as well', async () => {
  let connections = 0;
  const server = createServer().on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    enforce([reaching(port)], 'deny');
    for (let round = 0; round < 5; round++) assert.deepEqual(await connectBy(port), [5, null]);
    assert.deepEqual(
      events().map(({ outcome, result }) => [outcome, result]),
      new Array(5).fill([ENFORCED.REFUSED, -1n]),
    );
    enforce([reaching(port)], 'kill_process');
    for (let round = 0; round < 5; round++) assert.deepEqual(await connectBy(port), [null, 'SIGKILL']);
    assert.deepEqual(
      events().map(({ outcome }) => outcome),
      new Array(5).fill(ENFORCED.REFUSED_AND_KILLED),
    );
    assert.equal(connections, 0);
    // What depends on the result is decided at the end, when the connect has had its effect.
    enforce([{ ...reaching(port), types: ['connect'], result: 'failed' }], 'kill_process');
    assert.deepEqual(await connectBy(port), [null, 'SIGKILL']);
    assert.deepEqual(
      events().map(({ outcome }) => outcome),
      [ENFORCED.KILLED],
    );
    capture.enforce(undefined);
    assert.deepEqual(await connectBy(port), [3, null]);
  } finally {
    server.close();
  }
});

test('A datagram is refused before it is sent', async () => {
  const receiver = createSocket('udp4');
  let received = 0;
  receiver.on('message', () => received++);
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address();
  const peer = `in:127.0.0.1:${port}`;
  const send = ['sendto', 'r0', str('data'), 4, 0, peer, 'len'] as const;
  const steps: readonly Step[] = [['socket', AF_INET, SOCK_DGRAM, 0], [...send], [...send]];
  try {
    enforce([reaching(port)], 'deny');
    const [, ...sends] = await act(steps);
    assert.deepEqual(
      sends.map(({ result }) => result),
      [-1, -1],
    );
    // Of sends to one peer the first is reported.
    assert.deepEqual(
      events().map(({ type, outcome }) => [type, outcome]),
      [['sendto', ENFORCED.REFUSED]],
    );
    enforce([reaching(port + 1 || 1)], 'deny');
    await act(steps);
    await until(() => received >= 2, 2_000, 20);
    assert.equal(received, 2);
  } finally {
    receiver.close();
  }
});

interface KernelObject {
  readonly id: number;
  readonly type: string;
  readonly name?: string;
  readonly map_ids?: readonly number[];
}

/** What the kernel has, by bpftool. */
function kernelObjects(kind: 'prog' | 'map'): readonly KernelObject[] {
  return JSON.parse(execFileSync('bpftool', ['-j', kind, 'show'], { encoding: 'utf8', maxBuffer: 64 << 20 }));
}

test('Programs that may be preempted keep nothing of a processor meanwhile', () => {
  enforce([reaching(9)], 'deny');
  const types = new Map(kernelObjects('map').map(({ id, type }) => [id, type]));
  const programs = kernelObjects('prog').filter(
    ({ type, name }) => type === 'cgroup_sock_addr' && name?.startsWith('enforce_'),
  );
  assert.ok(programs.length >= 4);
  for (const { name, map_ids: maps = [] } of programs) {
    const used = maps.map((id) => types.get(id) ?? '');
    assert.ok(used.includes('array_of_maps'), name);
    assert.ok(!used.some((type) => type.startsWith('percpu')), `${name}: ${used}`);
  }
  capture.enforce(undefined);
});

test('A rule that is taken away, or replaced, is not enforced any more', () => {
  enforce([opening(SECRET)], 'kill_process');
  assert.deepEqual(read(SECRET), STOPPED);
  enforce([opening(`${directory}/secret2`)], 'kill_process');
  assert.deepEqual(read(SECRET), RUNS_ON);
  assert.deepEqual(read(`${directory}/secret2`), STOPPED);
  capture.enforce(undefined);
  assert.deepEqual(read(`${directory}/secret2`), RUNS_ON);
  assert.ok(!capture.loadedPrograms().some((name) => name.startsWith('enforce')));
});

test('Without a rule there is no program and no map, and with one there are', () => {
  assert.ok(!capture.loadedPrograms().some((name) => name.startsWith('enforce')));
  enforce([running(PROGRAM)], 'kill_process');
  assert.deepEqual(
    capture.loadedPrograms().filter((name) => name.startsWith('enforce')),
    ['enforce_exec'],
  );
  capture.enforce(undefined);
});

test('What is never acted on is not, and the record says why', () => {
  const outcomeWith = (rails: Partial<EnforcementRails>): number[] => {
    enforce([opening(SECRET)], 'kill_process', rails);
    assert.deepEqual(read(SECRET), RUNS_ON);
    return events().map(({ outcome }) => outcome);
  };
  assert.deepEqual(outcomeWith({ executables: [realpathSync('/bin/sh')] }), [ENFORCED.PROTECTED]);
  assert.deepEqual(outcomeWith({ executables: [basename(realpathSync('/bin/sh'))] }), [ENFORCED.PROTECTED]);
  assert.deepEqual(outcomeWith({ agentPid: rootPid() }), [ENFORCED.PROTECTED]);
  assert.deepEqual(outcomeWith({ hosts: false }), [ENFORCED.HOST]);
  assert.deepEqual(outcomeWith({ observes: true }), [ENFORCED.OBSERVED]);
  assert.deepEqual(outcomeWith({ perNode: { count: 0, milliseconds: 60_000 } }), [ENFORCED.LIMITED]);
});

/** The number of this process in the root pid namespace, which the first event of it shows. */
function rootPid(): number {
  return capture.thisThread();
}

test('The limits are hard', () => {
  capture.enforce(undefined);
  enforce([opening(SECRET)], 'kill_process', { perNode: { count: 3, milliseconds: 60_000 } });
  const killed = Array.from({ length: 10 }, () => read(SECRET)).filter(({ signal }) => signal !== null);
  assert.equal(killed.length, 3);
  // Those of different processors come in any order.
  assert.deepEqual(
    events()
      .map(({ outcome }) => outcome)
      .sort(),
    [...new Array(3).fill(ENFORCED.STOPPED), ...new Array(7).fill(ENFORCED.LIMITED)],
  );
});

test('Enforcement ends with the agent, also with one that is killed', async () => {
  capture.enforce(undefined);
  const module = (name: string): string => JSON.stringify(new URL(`../../host/capture/${name}`, import.meta.url).href);
  const made = enforcementTables([{ exact: { rule: 0, clauses: [opening(SECRET)] }, action: 'kill_process' }], RAILS);
  assert.ok(made.ok);
  writeFileSync(`${directory}/tables`, made.tables.bytes);
  const script = `
    import { readFileSync } from 'node:fs';
    import { openCapture } from ${module('open.ts')};
    const { capture } = openCapture({ source: 'bpf' });
    capture.start(${JSON.stringify(EVENT_TYPES)});
    capture.poll(new Uint32Array(64), 0);
    capture.prepareEnforcement(0, new Uint8Array(readFileSync(${JSON.stringify(`${directory}/tables`)})), new BigUint64Array(0));
    console.log(JSON.stringify(capture.enforce(0)));
    // Else nothing has it any more, and it would end by garbage collection.
    globalThis.kept = capture;
    setInterval(() => {}, 1000);`;
  const agent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [answer] = await once(agent.stdout, 'data');
    assert.equal(String(answer).trim(), '[]');
    assert.deepEqual(read(SECRET), STOPPED);
  } finally {
    agent.kill('SIGKILL');
    await once(agent, 'exit');
  }
  await until(() => read(SECRET).signal === null, 2_000, 20);
  assert.deepEqual(read(SECRET), RUNS_ON);
});
