// Connects and sends that the kernel refuses by what the process is: known before the call has an effect, or let through.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { EnforcementRails } from '../../host/capture/enforcement-rails.ts';
import { ENFORCED } from '../../host/schema/enforced.ts';
import type { ExactClause } from '../../host/schema/kernel-enforcement.ts';
import { actProgram, type Step, startAct, str } from '../support/live/live-act.ts';
import {
  capture,
  closeCapture,
  enforce,
  events,
  makeCandidates,
  reaching,
  startCapture,
} from '../support/live/live-enforcement.ts';
import { AF_INET, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { freePort } from '../support/servers/free-port.ts';
import { until } from '../support/until.ts';

const server = createServer();
const receiver = createSocket('udp4');
let reached = 0;
let port = 0;
let datagrams = 0;

before(async () => {
  startCapture(['execve', 'connect', 'sendto', 'sendmsg']);
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
  closeCapture();
});

const byFacts = (): ExactClause[] =>
  [reaching(port), reaching(datagrams)].map((one) => ({ ...one, process: 'candidate' }));

type Outcome = readonly [type: string, outcome: number];

function outcomes(): Outcome[] {
  return events().map(({ type, outcome }) => [type, outcome]);
}

interface Reached {
  readonly result: number | undefined;
  readonly outcomes: readonly Outcome[];
}

/** A process does that before it waits, is described, and makes its last call. @param word its candidate word; undefined: it is not known */
async function make(word: bigint | undefined, begins: readonly Step[], ...ends: readonly Step[]): Promise<Reached> {
  const started = startAct([...begins, ['@wait'], ...ends]);
  await started.place();
  if (word !== undefined) makeCandidates(word);
  else events();
  started.goOn();
  const result = (await started.end()).at(-1)?.result;
  return { result, outcomes: outcomes() };
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
    const made = await make(1n, [begins], ends);
    assert.equal(made.result, -1, `${ends[0]}`);
    // When a send by io_uring is reported it has not begun: the process may be another by then.
    const isSaid = !/^ring.*:sendmsg/.test(String(ends[0]));
    assert.deepEqual(made.outcomes, [[nameOf(ends), isSaid ? ENFORCED.REFUSED : ENFORCED.UNDECIDED]], `${ends[0]}`);
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
  const [[tcp, connecting]] = ways() as [[Step, Step]];
  const unknown = await make(undefined, [tcp], connecting);
  assert.equal(unknown.result, 0);
  assert.deepEqual(unknown.outcomes, [['connect', ENFORCED.UNDECIDED]]);
  // It has changed since it was described: the rule may be about that.
  const changed = await make(1n, [tcp], ['chdir', str('/tmp')], connecting);
  assert.equal(changed.result, 0);
  assert.deepEqual(changed.outcomes, [['connect', ENFORCED.UNDECIDED]]);
});

test('A process that is never acted on is reported as that, though it is not known whether the rule is about it', async () => {
  const rings = ways().filter(([, [call]]) => call === 'ring:sendmsg');
  const [first] = ways();
  const made = async (rails: Partial<EnforcementRails>): Promise<number[]> => {
    enforce(byFacts(), 'deny', rails);
    const outcomes: number[] = [];
    // A send by io_uring is reported before it begins.
    for (const [begins, ends] of [first ?? assert.fail(), ...rings]) {
      const { result, outcomes: found } = await make(ends[0] === 'ring:sendmsg' ? 1n : undefined, [begins], ends);
      assert.ok((result ?? -1) >= 0, `${ends[0]}`);
      outcomes.push(...found.map(([, outcome]) => outcome));
    }
    return outcomes;
  };
  assert.deepEqual(await made({ hosts: false }), [ENFORCED.HOST, ENFORCED.HOST]);
  assert.deepEqual(await made({ executables: [actProgram()] }), [ENFORCED.PROTECTED, ENFORCED.PROTECTED]);
  assert.deepEqual(await made({ agentPid: capture.thisThread() }), [ENFORCED.PROTECTED, ENFORCED.PROTECTED]);
});

test('One that is not known takes nothing of a limit', async () => {
  const [begins, ends] = ways()[0] ?? assert.fail();
  capture.enforce(undefined);
  enforce(byFacts(), 'deny', { perNode: { count: 1, milliseconds: 60_000 } });
  const outcomes: number[] = [];
  for (const word of [undefined, undefined, 1n, 1n])
    for (const [, outcome] of (await make(word, [begins], ends)).outcomes) outcomes.push(outcome);
  capture.enforce(undefined);
  assert.deepEqual(outcomes, [ENFORCED.UNDECIDED, ENFORCED.UNDECIDED, ENFORCED.REFUSED, ENFORCED.LIMITED]);
});

test('A request of io_uring that begins when its process has changed is let through, and is not said to be refused', async () => {
  enforce(byFacts(), 'deny');
  for (const [kind, [name, ...words]] of [
    [SOCK_STREAM, ['connect', 'r0', `in:127.0.0.1:${port}`, 'len']],
    [SOCK_DGRAM, ['sendmsg', 'r0', `msg:in:127.0.0.1:${datagrams}`, 0]],
  ] as const) {
    const made = await make(1n, [['socket', AF_INET, kind, 0]], ['chdir', str('/tmp')], [`ring:${name}`, ...words]);
    assert.ok((made.result ?? -1) >= 0, name);
    assert.deepEqual(made.outcomes, [[name, ENFORCED.UNDECIDED]]);
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
  assert.deepEqual(outcomes(), [['sendto', ENFORCED.REFUSED_AND_KILLED]]);
  await delay(100);
  assert.equal(reached, 0);
});

test('A connect of a process that is known by then is refused, though it could be killed for it at the end', async () => {
  enforce(
    byFacts().map((clause) => ({ ...clause, types: ['connect'] })),
    'kill_process',
  );
  const started = startAct([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['@wait'],
    ['connect', 'r0', `in:127.0.0.1:${port}`, 'len'],
  ]);
  await started.place();
  makeCandidates();
  started.goOn();
  await started.end().catch(() => {});
  assert.deepEqual(outcomes(), [['connect', ENFORCED.REFUSED_AND_KILLED]]);
  await delay(100);
  assert.equal(reached, 0);
});

test('A process that is known only when its connect ends is killed then', async () => {
  const full = await freePort();
  const listener = startAct([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${full}`, 'len'],
    ['listen', 'r0', 0],
    ['@wait'],
    ['accept4', 'r0', 0, 0, 0],
    ['@wait'],
  ]);
  await listener.place();
  const first = connect(full, '127.0.0.1');
  await once(first, 'connect');

  enforce([{ ...reaching(full), types: ['connect'], process: 'candidate' }], 'kill_process');
  const started = startAct([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r0', `in:127.0.0.1:${full}`, 'len'],
  ]);
  // There is room for one connection: the next waits until that is taken.
  await until(() => isConnecting(full));
  makeCandidates();
  listener.goOn();
  assert.deepEqual(await started.end().catch(() => started.process.signalCode), 'SIGKILL');
  assert.deepEqual(outcomes(), [['connect', ENFORCED.KILLED]]);
  first.destroy();
  listener.goOn();
  await listener.end();
});

const SYN_SENT = '02';

/** Whether somebody waits for a connection to that port of the loopback address. */
function isConnecting(to: number): boolean {
  const peer = `0100007F:${to.toString(16).toUpperCase().padStart(4, '0')}`;
  const [, ...lines] = readFileSync('/proc/self/net/tcp', 'utf8').split('\n');
  return lines.some((line) => {
    const [, , remote, state] = line.trim().split(/\s+/);
    return remote === peer && state === SYN_SENT;
  });
}
