// Connects and sends that the kernel refuses by what the process is: known before the call has an effect, or let through.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ENFORCED } from '../../host/schema/enforced.ts';
import type { ExactClause } from '../../host/schema/kernel-enforcement.ts';
import { type Step, startAct, str } from '../support/live-act.ts';
import { capture, enforce, events, makeCandidates, reaching } from '../support/live-enforcement.ts';
import { AF_INET, SOCK_DGRAM, SOCK_STREAM } from '../support/live-numbers.ts';

const server = createServer();
const receiver = createSocket('udp4');
let reached = 0;
let port = 0;
let datagrams = 0;

before(async () => {
  capture.start(['execve', 'connect', 'sendto', 'sendmsg']);
  server.on('connection', () => reached++).listen(0, '127.0.0.1');
  receiver.on('message', () => reached++).bind(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(receiver, 'listening')]);
  port = (server.address() as AddressInfo).port;
  datagrams = receiver.address().port;
});
beforeEach(() => {
  events();
  reached = 0;
});
after(() => {
  server.close();
  receiver.close();
  capture.close();
});

const byFacts = (): ExactClause[] =>
  [reaching(port), reaching(datagrams)].map((one) => ({ ...one, process: 'candidate' }));

interface Reached {
  readonly result: number | undefined;
  readonly outcomes: readonly (readonly [type: string, outcome: number])[];
}

/** A process does that before it waits, is described, and makes its last call. @param word its candidate word; undefined: it is not known */
async function make(word: bigint | undefined, begins: readonly Step[], ...ends: readonly Step[]): Promise<Reached> {
  const started = startAct([...begins, ['@wait'], ...ends]);
  await started.place();
  if (word !== undefined) makeCandidates(word);
  else events();
  started.goOn();
  const result = (await started.end()).at(-1)?.result;
  return { result, outcomes: events().map(({ type, outcome }) => [type, outcome]) };
}

function ways(): readonly [begins: Step, ends: Step][] {
  const tcp: Step = ['socket', AF_INET, SOCK_STREAM, 0];
  const udp: Step = ['socket', AF_INET, SOCK_DGRAM, 0];
  const connecting = ['', 'ring:', 'ring+async:', ...(process.arch === 'x64' ? ['int80:'] : [])];
  return [
    ...connecting.map((way): [Step, Step] => [tcp, [`${way}connect`, 'r0', `in:127.0.0.1:${port}`, 'len']]),
    ...['', 'ring:', 'ring+async:'].map((way): [Step, Step] => [
      udp,
      [`${way}sendmsg`, 'r0', `msg:in:127.0.0.1:${datagrams}`, 0],
    ]),
    [udp, ['sendto', 'r0', str('data'), 4, 0, `in:127.0.0.1:${datagrams}`, 'len']],
  ];
}

const nameOf = ([call = '']: Step): string => String(call).slice(String(call).indexOf(':') + 1);

test('A connect or send of a process that the rule is about is refused, whichever way it is made', async () => {
  enforce(byFacts(), 'deny');
  for (const [begins, ends] of ways()) {
    const { result, outcomes } = await make(1n, [begins], ends);
    assert.equal(result, -1, `${ends[0]}`);
    // When a send by io_uring is reported it has not begun: the process may be another by then.
    const isSaid = !/^ring.*:sendmsg/.test(String(ends[0]));
    assert.deepEqual(outcomes, [[nameOf(ends), isSaid ? ENFORCED.REFUSED : ENFORCED.UNDECIDED]], `${ends[0]}`);
  }
  await delay(100);
  assert.equal(reached, 0);
});

test('One of another process is not, and none of a process that is not known; the record of that says so', async () => {
  enforce(byFacts(), 'deny');
  for (const [begins, ends] of ways()) {
    const other = await make(0n, [begins], ends);
    assert.ok((other.result ?? -1) >= 0, `${ends[0]}`);
    assert.deepEqual(other.outcomes, [], `${ends[0]}`);
  }
  const [[tcp, connect]] = ways() as [[Step, Step]];
  const unknown = await make(undefined, [tcp], connect);
  assert.equal(unknown.result, 0);
  assert.deepEqual(unknown.outcomes, [['connect', ENFORCED.UNDECIDED]]);
  // It has changed since it was described: the rule may be about that.
  const changed = await make(1n, [tcp], ['chdir', str('/tmp')], connect);
  assert.equal(changed.result, 0);
  assert.deepEqual(changed.outcomes, [['connect', ENFORCED.UNDECIDED]]);
});

test('A request of io_uring that begins when its process has changed is let through, and is not said to be refused', async () => {
  enforce(byFacts(), 'deny');
  for (const [kind, [name, ...words]] of [
    [SOCK_STREAM, ['connect', 'r0', `in:127.0.0.1:${port}`, 'len']],
    [SOCK_DGRAM, ['sendmsg', 'r0', `msg:in:127.0.0.1:${datagrams}`, 0]],
  ] as const) {
    const { result, outcomes } = await make(
      1n,
      [['socket', AF_INET, kind, 0]],
      ['chdir', str('/tmp')],
      [`ring:${name}`, ...words],
    );
    assert.ok((result ?? -1) >= 0, name);
    assert.deepEqual(outcomes, [[name, ENFORCED.UNDECIDED]]);
  }
});

test('A process is killed for a send before that has an effect', async () => {
  enforce(
    byFacts().map((clause) => ({ ...clause, types: ['sendto', 'sendmsg'] })),
    'kill_process',
  );
  const started = startAct([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['@wait'],
    ['sendto', 'r0', str('data'), 4, 0, `in:127.0.0.1:${datagrams}`, 'len'],
  ]);
  await started.place();
  makeCandidates();
  started.goOn();
  await started.end().catch(() => {});
  assert.deepEqual(
    events().map(({ type, outcome }) => [type, outcome]),
    [['sendto', ENFORCED.REFUSED_AND_KILLED]],
  );
  await delay(100);
  assert.equal(reached, 0);
});
