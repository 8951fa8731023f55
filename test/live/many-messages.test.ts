// sendmmsg and recvmmsg: each message is reported, as an event of that name and as the sendmsg or recvmsg that it stands for.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { act, type Call, type Step } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AF_INET, AF_INET6, AF_UNIX, errno, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const MSG_DONTWAIT = 0x40;
/** Of one call; the kernel passes over what is beyond (UIO_MAXIOV). */
const MOST_MESSAGES = 1024;

const FIELDS = [
  ...['evt.res', 'evt.is_32bit', 'evt.buffer', 'evt.buflen', 'evt.arg.size', 'evt.arg.tuple', 'evt.is_io_read'],
  ...['evt.is_io_write', 'fd.num', 'fd.name', 'fd.typechar', 'fd.l4proto', 'fd.sip', 'fd.sport', 'fd.cport'],
  ...['fd.is_server', 'fd.connected', 'fd.name_changed'],
];
const MANY = probe(['sendmmsg', 'recvmmsg'], FIELDS);
const ALONE = probe(['sendmsg', 'recvmsg'], FIELDS);
/** As a rule on what leaves the machine asks, which knows of no sendmmsg. */
const OUTBOUND = probe(
  ['sendto', 'sendmsg'],
  ['fd.name', 'fd.sport'],
  'fd.l4proto != tcp and fd.name_changed = true and fd.snet = 127.0.0.3/32 and proc.name = act',
);

const agent = LiveAgent.forTests([MANY.rule, ALONE.rule, OUTBOUND.rule], { ruleMatching: 'all' });

let port = 20_000 + (process.pid % 100) * 40;

interface Told {
  readonly calls: readonly Call[];
  readonly many: readonly AlertLine[];
  readonly alone: readonly AlertLine[];
}

async function told(steps: readonly Step[]): Promise<Told> {
  const calls = await act(steps);
  await agent.settled();
  const where = { 'proc.vpid': BigInt(calls[0]?.pid ?? assert.fail()) };
  return { calls, many: agent.alerts(MANY.name, where), alone: agent.alerts(ALONE.name, where) };
}

function column(alerts: readonly AlertLine[], field: string): unknown[] {
  return alerts.map(({ output_fields: fields }) => fields[field]);
}

const SEND_WAYS = [
  ['sendmmsg', 'msgs', false],
  ['int80:sendmmsg', 'msgs32', true],
  ['socketcall:sendmmsg', 'msgs32', true],
] as const;
const RECEIVE_WAYS = [
  ['recvmmsg', 'msgs', false],
  ['int80:recvmmsg', 'msgs32', true],
  ['int80+time64:recvmmsg', 'msgs32', true],
  ['socketcall:recvmmsg', 'msgs32', true],
] as const;

for (const [call, messages, isCompat] of SEND_WAYS) {
  describe(call, () => {
    test('the first datagram to each peer, in order', async () => {
      const [one, other, third] = [port++, port++, port++];
      const to = (...ports: readonly number[]): string =>
        `${messages}:${ports.map((number) => `in:127.0.0.2:${number}`).join(',')}`;
      const { calls, many, alone } = await told([
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['bind', 'r0', `in:0.0.0.0:${port}`, 'len'],
        ['sendto', 'r0', 's:x', 1, 0, `in:127.0.0.2:${third}`, 'len'],
        [call, 'r0', to(one, other, one, third, other), 5, 0],
        [call, 'r0', to(other, one), 2, 0],
      ]);
      assert.deepEqual(
        calls.slice(3).map(({ result }) => result),
        [5, 2],
      );
      assert.deepEqual(column(many, 'fd.sport'), [BigInt(one), BigInt(other)]);
      assert.deepEqual(column(alone, 'fd.sport'), [BigInt(one), BigInt(other)]);
      for (const [alerts, type] of [
        [many, 'sendmmsg'],
        [alone, 'sendmsg'],
      ] as const) {
        const name = `0.0.0.0:${port}->127.0.0.2:${one}`;
        assertFields(alerts[0] ?? assert.fail(), {
          'evt.type': type,
          'evt.rawres': 4,
          'evt.res': 'SUCCESS',
          'evt.is_32bit': isCompat,
          'evt.is_io_write': true,
          'evt.buffer': 'data',
          'evt.buflen': 4,
          'evt.arg.size': '4',
          'evt.arg.tuple': name,
          'fd.num': 3,
          'fd.name': name,
          'fd.typechar': '4',
          'fd.l4proto': 'udp',
          'fd.sip': '127.0.0.2',
          'fd.cport': port,
          'fd.name_changed': true,
        });
      }
      port++;
    });

    test('IPv6, and unix sockets', async () => {
      const name = `@wasprey-many-${process.pid}-${port}`;
      const { many } = await told([
        ['socket', AF_INET6, SOCK_DGRAM, 0],
        [call, 'r0', `${messages}:in6:::1:${port},in6:::1:${port + 1},in6:::ffff:127.0.0.1:${port}`, 3, 0],
        ['socket', AF_UNIX, SOCK_DGRAM, 0],
        ['bind', 'r2', `un:${name}`, 'len'],
        ['socket', AF_UNIX, SOCK_DGRAM, 0],
        ['bind', 'r4', `un:${name}-other`, 'len'],
        ['socket', AF_UNIX, SOCK_DGRAM, 0],
        [call, 'r6', `${messages}:un:${name},un:${name}-other,un:${name}`, 3, 0],
      ]);
      assert.deepEqual(column(many, 'fd.sip'), ['::1', '::1', '127.0.0.1', null, null]);
      assert.deepEqual(column(many, 'fd.sport').slice(0, 3), [port, port + 1, port].map(BigInt));
      assert.deepEqual(column(many, 'fd.typechar'), ['6', '6', '4', 'u', 'u']);
      const paths = column(many, 'fd.name').slice(3);
      assert.ok(String(paths[0]).endsWith(name) && String(paths[1]).endsWith(`${name}-other`), String(paths));
      port += 2;
    });

    test('what the call did not send is not told; of a call that fails, the first message is', async () => {
      const { calls, many } = await told([
        ['socket', AF_INET, SOCK_DGRAM, 0],
        [call, 'r0', `${messages}:in:127.0.0.2:${port},in:255.255.255.255:9,in:127.0.0.2:${port + 1}`, 3, 0],
        [call, 'r0', `${messages}:in:255.255.255.255:9,in:127.0.0.2:${port + 1}`, 2, 0],
        [call, 'r0', `${messages}:in:127.0.0.2:${port + 1}`, 0, 0],
        [call, 99, `${messages}:in:127.0.0.2:${port + 1}`, 1, 0],
        [call, 'r0', 'null', 1, 0],
      ]);
      assert.deepEqual(
        calls.slice(1).map(({ result }) => result),
        [1, -errno('EACCES'), 0, -errno('EBADF'), -errno('EFAULT')],
      );
      assert.deepEqual(column(many, 'fd.sip'), ['127.0.0.2', '255.255.255.255']);
      assertFields(many[1] ?? assert.fail(), {
        'evt.res': 'EACCES',
        'evt.rawres': -errno('EACCES'),
        'evt.buflen': null,
      });
      port += 2;
    });
  });
}

test('as many as the kernel sends by one call', async () => {
  const peers = Array.from({ length: MOST_MESSAGES + 6 }, (_, index) => `in:127.1.${index >> 8}.${index & 255}:9`);
  const { calls, many, alone } = await told([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendmmsg', 'r0', `msgs:${peers.join(',')}`, peers.length, 0],
  ]);
  assert.equal(calls[1]?.result, MOST_MESSAGES);
  const expected = peers.slice(0, MOST_MESSAGES).map((peer) => peer.split(':')[1]);
  assert.deepEqual(column(many, 'fd.sip').sort(), expected.sort());
  assert.equal(alone.length, MOST_MESSAGES);
});

test('by a rule on what leaves the machine, which knows of no sendmmsg; the peer of a connection is not a new one', async () => {
  const { calls, many } = await told([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendmmsg', 'r0', `msgs:in:127.0.0.2:${port},in:127.0.0.3:${port}`, 2, 0],
    ['connect', 'r0', `in:127.0.0.3:${port}`, 'len'],
    ['sendmmsg', 'r0', 'msgs:,', 2, 0],
  ]);
  assert.equal(many.length, 2);
  const where = { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) };
  assertFields(await agent.only(OUTBOUND.name, where), { 'evt.type': 'sendmsg', 'fd.sport': port });
  port++;
});

for (const [call, messages, isCompat] of RECEIVE_WAYS) {
  describe(call, () => {
    test('each datagram, and the client that it came from', async () => {
      const [to, one, other] = [port++, port++, port++];
      const send = (from: string, text: string): Step => [
        'sendto',
        from,
        `s:${text}`,
        text.length,
        0,
        `in:127.0.0.1:${to}`,
        'len',
      ];
      const { calls, many, alone } = await told([
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['bind', 'r0', `in:127.0.0.1:${to}`, 'len'],
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['bind', 'r2', `in:127.0.0.1:${one}`, 'len'],
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['bind', 'r4', `in:127.0.0.1:${other}`, 'len'],
        send('r2', 'one'),
        send('r4', 'two'),
        send('r2', 'more than there is room for'),
        send('r2', 'last'),
        [call, 'r0', `${messages}:${Array(5).fill('in:127.0.0.9:9').join(',')},`, 6, MSG_DONTWAIT, 'null'],
      ]);
      assert.equal(calls.at(-1)?.result, 4);
      for (const [alerts, type] of [
        [many, 'recvmmsg'],
        [alone, 'recvmsg'],
      ] as const) {
        assert.deepEqual(column(alerts, 'evt.buffer'), ['one', 'two', 'more', 'last']);
        assert.deepEqual(column(alerts, 'fd.cport'), [one, other, one, one].map(BigInt));
        assert.deepEqual(column(alerts, 'fd.name_changed'), [true, true, false, false]);
        assertFields(alerts[0] ?? assert.fail(), {
          'evt.type': type,
          'evt.rawres': 3,
          'evt.is_32bit': isCompat,
          'evt.is_io_read': true,
          'evt.buflen': 3,
          'evt.arg.size': '3',
          'fd.num': 3,
          'fd.name': `127.0.0.1:${one}->127.0.0.1:${to}`,
          'fd.l4proto': 'udp',
          'fd.sport': to,
          'fd.is_server': true,
          'fd.connected': false,
        });
      }
    });

    test('a call that finds nothing is not an event, one that fails is', async () => {
      const { calls, many } = await told([
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['bind', 'r0', `in:127.0.0.1:${port++}`, 'len'],
        [call, 'r0', `${messages}:,`, 2, MSG_DONTWAIT, 'null'],
        [call, 99, `${messages}:,`, 2, MSG_DONTWAIT, 'null'],
        ['socket', AF_INET, SOCK_STREAM, 0],
        [call, 'r4', `${messages}:,`, 2, MSG_DONTWAIT, 'null'],
      ]);
      assert.deepEqual(
        calls.flatMap(({ call: name, result }) => (name === 'recvmmsg' ? [result] : [])),
        [-errno('EAGAIN'), -errno('EBADF'), -errno('ENOTCONN')],
      );
      assert.deepEqual(column(many, 'evt.res'), ['ENOTCONN']);
    });
  });
}
