// recvfrom and recvmsg that came another way: requests of io_uring, in all their forms, and 32-bit calls. Each is reported as the call
// that it stands for, with who sent and what.

import assert from 'node:assert/strict';
import { release } from 'node:os';
import { test } from 'node:test';
import { type AlertLine, assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { act, type Step } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AF_INET, errno, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const MSG_DONTWAIT = 0x40;
const RECEIVES = probe(
  ['recvfrom', 'recvmsg'],
  [
    ...['evt.res', 'evt.is_io_uring', 'evt.is_32bit', 'evt.buffer', 'evt.buflen', 'evt.arg.size', 'evt.arg.flags'],
    ...['fd.num', 'fd.name', 'fd.typechar', 'fd.l4proto', 'fd.cip', 'fd.cport', 'fd.sip', 'fd.sport', 'fd.is_server'],
    ...['fd.connected', 'fd.name_changed'],
  ],
);
/** As a rule on what comes in asks: the first datagram of a client, and what is in it. */
const INBOUND = probe(
  ['recvmsg', 'recvfrom'],
  ['fd.name', 'evt.is_io_uring', 'evt.is_32bit'],
  'fd.l4proto = udp and fd.name_changed = true and fd.cnet = 127.0.0.0/8 and evt.buffer contains "da" and proc.name = act',
);

const agent = LiveAgent.forTests([RECEIVES.rule, INBOUND.rule], { ruleMatching: 'all' });

/** Ports of this run, one for each socket, below those of clients: the end with the lower port is the server. */
let port = 18_000 + (process.pid % 50) * 40;

/** A datagram is on its way to socket 0, which is bound, from socket 2. */
function datagram(): { readonly steps: readonly Step[]; readonly from: number; readonly to: number } {
  const to = port++;
  const from = port++;
  const steps: Step[] = [
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${to}`, 'len'],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r2', `in:127.0.0.1:${from}`, 'len'],
    ['sendto', 'r2', 's:data', 4, 0, `in:127.0.0.1:${to}`, 'len'],
  ];
  return { steps, from, to };
}

/** The alerts that the run's receives made, in order. */
async function received(steps: readonly Step[]): Promise<{ readonly alerts: AlertLine[]; readonly pid: bigint }> {
  const [first] = await act(steps);
  await agent.settled();
  const pid = BigInt(first?.pid ?? assert.fail());
  return { alerts: agent.alerts(RECEIVES.name, { 'proc.vpid': pid }), pid };
}

const RING: ExpectedFields = { 'evt.is_io_uring': true, 'evt.is_32bit': false };
const COMPAT: ExpectedFields = { 'evt.is_io_uring': false, 'evt.is_32bit': true };

const MESSAGE = 'msg:in:127.0.0.9:9';
const WAYS: readonly (readonly [step: Step, expected: ExpectedFields])[] = [
  [['ring:recvmsg', 'r0', MESSAGE, 0], RING],
  [['ring+async:recvmsg', 'r0', MESSAGE, 0], RING],
  [['ring+sqpoll:recvmsg', 'r0', MESSAGE, 0], RING],
  [['ring+full:recvmsg', 'r0', MESSAGE, 0], RING],
  [['ring+many:recvmsg', 'r0', MESSAGE, 0], RING],
  [['ring+int80:recvmsg', 'r0', 'msg32:in:127.0.0.9:9', 0], RING],
  [['int80:recvmsg', 'r0', 'msg32:in:127.0.0.9:9', 0], COMPAT],
  [['socketcall:recvmsg', 'r0', 'msg32:in:127.0.0.9:9', 0], COMPAT],
  [['int80:recvfrom', 'r0', 'out', 4096, 0, 'in:127.0.0.9:9', 'outlen'], COMPAT],
  [['socketcall:recvfrom', 'r0', 'out', 4096, 0, 'in:127.0.0.9:9', 'outlen'], COMPAT],
];

for (const [step, expected] of WAYS) {
  test(`${step[0]}: the datagram, and the client that it came from`, async () => {
    const { steps, from, to } = datagram();
    const { alerts, pid } = await received([...steps, step]);
    assertFields(alerts[0] ?? assert.fail('it was not told'), {
      'evt.type': String(step[0]).split(':')[1] ?? '',
      'evt.rawres': 4,
      'evt.buflen': 4,
      'evt.buffer': 'data',
      'fd.num': 3,
      'fd.typechar': '4',
      'fd.l4proto': 'udp',
      'fd.name': `127.0.0.1:${from}->127.0.0.1:${to}`,
      'fd.cip': '127.0.0.1',
      'fd.cport': from,
      'fd.sport': to,
      'fd.is_server': true,
      'fd.connected': false,
      'fd.name_changed': true,
      ...expected,
    });
    await agent.only(INBOUND.name, { 'proc.vpid': pid });
  });
}

for (const [step, expected] of [
  [['ring:recvfrom', 'r0', 'out', 4096, 0], RING],
  [['ring+async:recvfrom', 'r0', 'out', 4096, 0], RING],
  [['ring+sqpoll:recvfrom', 'r0', 'out', 4096, 0], RING],
  [['ring+full:recvfrom', 'r0', 'out', 4096, 0], RING],
  [['ring+many:recvfrom', 'r0', 'out', 4096, 0], RING],
  [['int80:recvfrom', 'r0', 'out', 4096, 0, 'null', 'null'], COMPAT],
  [['socketcall+recv:recvfrom', 'r0', 'out', 4096, 0, 'out', 'outlen'], COMPAT],
] satisfies [Step, ExpectedFields][]) {
  test(`${step[0]} without room for an address: the data, and the socket that it came by`, async () => {
    const { steps, to } = datagram();
    const { alerts, pid } = await received([...steps, step]);
    assertFields(alerts[0] ?? assert.fail('it was not told'), {
      'evt.type': 'recvfrom',
      'evt.rawres': 4,
      'evt.buffer': 'data',
      'fd.num': 3,
      'fd.name': `127.0.0.1:${to}`,
      'fd.name_changed': false,
      ...expected,
    });
    await agent.none(INBOUND.name, { 'proc.vpid': pid });
  });
}

/** From Linux 6.10 on a request has no address of it any more: see chosen_buffer() in native/bpf/io_uring/io_uring_receive.h. */
const KNOWS_CHOSEN = /^6\.[1-9]\./.test(release());

for (const step of [
  ['ring+chosen:recvmsg', 'r0', MESSAGE, 0],
  ['ring+chosen:recvfrom', 'r0', 'out', 4096, 0],
] satisfies Step[]) {
  test(`${step[0]}: reported, with the sender if asked for; without what is in a buffer of the kernel's choice`, async () => {
    const { steps, from, to } = datagram();
    const { alerts } = await received([...steps, step]);
    const [alert] = alerts;
    assert.ok(alert && alerts.length === 1);
    const asked = step[0] === 'ring+chosen:recvmsg';
    assertFields(alert, {
      'evt.rawres': 4,
      'fd.num': 3,
      'evt.buffer': KNOWS_CHOSEN && !asked ? 'data' : null,
      'fd.name': asked ? `127.0.0.1:${from}->127.0.0.1:${to}` : `127.0.0.1:${to}`,
      ...RING,
    });
  });
}

test('a stream by io_uring: both ends', async () => {
  const at = port++;
  const { alerts } = await received([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${at}`, 'len'],
    ['listen', 'r0', 1],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r3', `in:127.0.0.1:${at}`, 'len'],
    ['ring+many:accept4', 'r0', 'null', 'null', 0],
    ['write', 'r3', `s:${'x'.repeat(100)}`, 100],
    ['ring:recvfrom', 'r5', 'out', 4096, 0],
  ]);
  assert.equal(alerts.length, 1);
  assertFields(alerts[0] ?? assert.fail(), {
    'evt.rawres': 100,
    'evt.arg.size': '4096',
    'evt.buffer': 'x'.repeat(80),
    'fd.l4proto': 'tcp',
    'fd.connected': true,
    'fd.sport': at,
    'fd.is_server': true,
  });
});

test('what fails is reported, what finds nothing yet is not; one that wants no completion is reported when it is asked for', async () => {
  const { steps } = datagram();
  const { alerts } = await received([
    ...steps,
    ['ring+silent:recvfrom', 'r0', 'out', 4096, 0],
    ['ring:recvfrom', 'r0', 'out', 4096, MSG_DONTWAIT],
    ['int80:recvfrom', 'r0', 'out', 4096, MSG_DONTWAIT, 'null', 'null'],
    ['ring:recvfrom', 'r0', 1, 4096, MSG_DONTWAIT],
    ['sendto', 'r2', 's:data', 4, 0, `in:127.0.0.1:${port - 2}`, 'len'],
    ['ring:recvfrom', 'r0', 1, 4096, MSG_DONTWAIT],
    ['int80:recvfrom', 'r0', 1, 4096, MSG_DONTWAIT, 'null', 'null'],
  ]);
  assert.deepEqual(
    alerts.map(({ output_fields: fields }) => [fields['evt.rawres'], fields['evt.is_io_uring']]),
    [
      [0n, true],
      [BigInt(-errno('EFAULT')), true],
    ],
  );
});
