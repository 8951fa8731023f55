// Connections and datagrams whose peer a process tries to hide: by another file in place of the socket, by a signal, by a datagram that
// fails, by unusual addresses and sockets.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEventType } from '../../host/schema/events/index.ts';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { act, actProgram, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AF_INET, AF_INET6, AF_UNIX, errno, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';
import { until } from '../support/until.ts';

const IPPROTO_ICMP = 1;
/** More than any datagram of UDP. */
const TOO_LONG = 100_000;
/** Above those of other tests, below those that the kernel gives out. */
const PORT = 27_000 + (process.pid % 1000);

const FIELDS = [
  ...['evt.res', 'evt.is_32bit', 'evt.is_io_uring', 'evt.arg.addr', 'fd.num', 'fd.name', 'fd.typechar', 'fd.l4proto'],
  ...['fd.sip', 'fd.sport', 'fd.cip', 'fd.connected', 'fd.name_changed'],
];
const OURS = '(proc.name in (act, blocked-connect) or proc.name startswith overwritten)';
const CALLS = probe(['connect', 'sendto', 'sendmsg', 'sendmmsg'], FIELDS, OURS);
/** As rules on outbound connections ask. */
const OUTBOUND = probe(
  ['connect', 'sendto', 'sendmsg'],
  ['fd.name', 'fd.sip', 'fd.sport'],
  `${OURS} and (evt.type = connect or (fd.l4proto != tcp and fd.connected = false and fd.name_changed = true))
   and fd.typechar in (4, 6) and fd.snet in ("127.0.0.2/32", "::2/127")
   and (evt.rawres >= 0 or evt.res = EINPROGRESS)`,
);
const OUT = 'a connection to the outside';

const directory = directoryForTests();
const agent = LiveAgent.forTests([CALLS.rule, OUTBOUND.rule.replace(OUTBOUND.name, OUT)], { ruleMatching: 'all' });

/** Calls of a type, and those alerts of the outbound rule, of the process that makes these steps. */
async function told(steps: readonly Step[], type = 'sendto'): Promise<{ calls: AlertLine[]; out: AlertLine[] }> {
  const calls = await act(steps);
  await agent.settled();
  const where = { 'proc.vpid': BigInt(calls[0]?.pid ?? assert.fail()) };
  return { calls: agent.alerts(CALLS.name, { ...where, 'evt.type': type }), out: agent.alerts(OUT, where) };
}

function check(alerts: readonly AlertLine[], expected: readonly ExpectedFields[]): void {
  assert.equal(alerts.length, expected.length, alerts.map(({ output }) => output).join('\n'));
  for (const [index, fields] of expected.entries()) assertFields(alerts[index] ?? assert.fail(), fields);
}

describe('a connect that blocks', () => {
  const program = cProgram(fileURLToPath(new URL('../support/programs/blocked-connect.c', import.meta.url)));
  let port = PORT;

  async function blocked(way: string, call: string): Promise<{ pid: bigint; result: number; port: number }> {
    const mine = port++;
    const { stdout } = await promisify(execFile)(program, [way, call, String(mine)], { encoding: 'utf8' });
    const [pid, result, peer] = stdout.trim().split(' ');
    assert.equal(peer, way === 'unix' ? `blocked-${mine}` : '127.0.0.2', 'the connection went through');
    return { pid: BigInt(pid ?? ''), result: Number(result), port: mine };
  }

  for (const call of ['connect', 'sendto', 'sendmsg']) {
    for (const [way, what] of [
      ['null', 'a file'],
      ['datagram', 'a socket for datagrams'],
      ['stream', 'another connection'],
    ] as const) {
      test(`${call}, while ${what} takes the place of its descriptor: the peer that it connects to`, async () => {
        const { pid, result, port: to } = await blocked(way, call);
        assert.equal(result, call === 'connect' ? 0 : 4);
        const where = { 'proc.vpid': pid, 'fd.sip': '127.0.0.2', 'fd.sport': to };
        const alert = await agent.only(CALLS.name, { ...where, 'evt.type': 'connect' });
        assertFields(alert, { 'evt.res': 'SUCCESS', 'fd.typechar': '4', 'fd.l4proto': 'tcp', 'fd.connected': true });
        await agent.only(OUT, where);
      });
    }

    test(`${call}, interrupted by a signal: it goes through, and is reported as under way`, async () => {
      const { pid, result, port: to } = await blocked('interrupt', call);
      assert.equal(result, -errno('EINTR'));
      const where = { 'proc.vpid': pid, 'fd.sip': '127.0.0.2', 'fd.sport': to };
      const alert = await agent.only(CALLS.name, where);
      assertFields(alert, { 'evt.type': 'connect', 'evt.res': 'EINPROGRESS', 'fd.name_changed': true });
      await agent.only(OUT, where);
    });
  }

  const NAMELESS = [
    ['sendmsg', 4],
    ['sendmmsg', 1],
    ['socketcall', 4],
  ] as const;
  for (const [call, sent] of NAMELESS) {
    if (call === 'socketcall' && process.arch !== 'x64') continue; // no such call
    test(`${call}, while the address is taken out of its message: the peer that it connects to`, async () => {
      const { pid, result, port: to } = await blocked('nameless', call);
      assert.equal(result, sent);
      const where = { 'fd.sip': '127.0.0.2', 'fd.sport': to };
      await agent.settled();
      const alerts = agent.alerts(CALLS.name, { 'proc.vpid': pid, ...where });
      check(alerts, [
        { 'evt.type': 'connect', 'evt.res': 'SUCCESS', 'fd.l4proto': 'tcp', 'fd.connected': true },
        { 'evt.type': call === 'sendmmsg' ? call : 'sendmsg', 'evt.rawres': 4, 'fd.l4proto': 'udp' }, // the thread's next call
      ]);
      assert.equal(agent.alerts(OUT, { 'proc.vpid': pid, ...where }).length, 2);
    });
  }

  test('connect of a Unix socket, while a file takes the place of its descriptor: the address that is passed', async () => {
    const { pid, result, port: number } = await blocked('unix', 'connect');
    assert.equal(result, 0);
    const alert = await agent.only(CALLS.name, { 'proc.vpid': pid, 'fd.typechar': 'u', 'fd.connected': true });
    assert.match(String(alert.output_fields['fd.name']), new RegExp(`@blocked-${number}$`));
  });
});

const SECRET = `in:127.0.0.2:${PORT}`;
/** The bytes of that address with another family; of IPv6: ::2. */
const [high, low] = [PORT >> 8, PORT & 0xff].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
const UNSPECIFIED = `s:\\x00\\x00${high}${low}\\x7f\\x00\\x00\\x02${'\\x00'.repeat(8)}`;
const UNSPECIFIED_IPV6 = `s:\\x00\\x00\\x00\\x00${'\\x00'.repeat(4)}${'\\x00'.repeat(15)}\\x02${'\\x00'.repeat(4)}`;
const send = (to: string, length: number | string = 'len', way = ''): Step => [
  `${way}sendto`,
  'r0',
  str('data'),
  4,
  0,
  to,
  length,
];

/** ARM has no 32-bit calls of a 64-bit program. */
const WAYS = process.arch === 'x64' ? ['', 'int80:'] : [''];

describe('datagrams', () => {
  for (const way of WAYS) {
    test(`${way}sendto that fails does not hide the next one to that peer`, async () => {
      const fail: Step = [`${way}sendto`, 'r0', str('data'), TOO_LONG, 0, SECRET, 'len'];
      const { calls, out } = await told([
        ['socket', AF_INET, SOCK_DGRAM, 0],
        fail,
        fail,
        send(SECRET, 'len', way),
        send(SECRET, 'len', way),
      ]);
      check(calls, [
        { 'evt.res': 'EMSGSIZE', 'fd.sip': '127.0.0.2' },
        { 'evt.rawres': 4, 'fd.sip': '127.0.0.2', 'fd.name_changed': true },
      ]);
      check(out, [{ 'fd.sip': '127.0.0.2', 'fd.sport': PORT }]);
    });
  }

  for (const way of [...WAYS, 'ring:']) {
    test(`${way}sendto to an address without a family, which the kernel takes for IPv4`, async () => {
      const { calls, out } = await told([['socket', AF_INET, SOCK_DGRAM, 0], send(UNSPECIFIED, 16, way)]);
      check(calls, [{ 'fd.typechar': '4', 'fd.sip': '127.0.0.2', 'fd.sport': PORT }]);
      check(out, [{ 'fd.sip': '127.0.0.2' }]);
    });

    test(`${way}sendto to an IPv4 address by a socket of IPv6`, async () => {
      const { calls, out } = await told([['socket', AF_INET6, SOCK_DGRAM, 0], send(SECRET, 'len', way)]);
      check(calls, [{ 'fd.typechar': '4', 'fd.sip': '127.0.0.2', 'fd.sport': PORT }]);
      check(out, [{ 'fd.sip': '127.0.0.2' }]);
    });
  }

  test('connected to an IPv4 address by a socket of IPv6', async () => {
    const { calls, out } = await told(
      [
        ['socket', AF_INET6, SOCK_DGRAM, 0],
        ['connect', 'r0', `in6:::ffff:127.0.0.2:${PORT}`, 'len'],
        ['socket', AF_INET6, SOCK_DGRAM, 0],
        ['connect', 'r2', SECRET, 'len'],
      ],
      'connect',
    );
    const expected = { 'evt.rawres': 0, 'fd.typechar': '4', 'fd.sip': '127.0.0.2', 'fd.sport': PORT };
    check(calls, [expected, expected]);
    assert.equal(out.length, 2);
  });

  test('near miss: to an IPv4 address by a socket that is bound to an IPv6 one, which the kernel refuses', async () => {
    const { calls, out } = await told([
      ['socket', AF_INET6, SOCK_DGRAM, 0],
      ['bind', 'r0', 'in6:::1:0', 'len'],
      send(`in6:::ffff:127.0.0.2:${PORT}`),
    ]);
    check(calls, [{ 'evt.res': 'ENETUNREACH', 'fd.typechar': '4', 'fd.sip': '127.0.0.2' }]);
    check(out, []);
  });

  test('to another peer than the one that the socket is connected to', async () => {
    const { calls, out } = await told([
      ['socket', AF_INET, SOCK_DGRAM, 0],
      ['connect', 'r0', `in:127.0.0.1:${PORT}`, 'len'],
      send(SECRET),
      send(`in:127.0.0.1:${PORT}`),
    ]);
    check(calls, [
      { 'fd.sip': '127.0.0.2', 'fd.sport': PORT, 'fd.connected': false, 'fd.name_changed': true },
      { 'fd.sip': '127.0.0.1', 'fd.sport': PORT, 'fd.connected': true },
    ]);
    check(out, [{ 'fd.sip': '127.0.0.2' }]);
  });

  test('near miss: an address without a family means the connected peer to a socket of IPv6, and nobody to connect', async () => {
    const { calls } = await told([
      ['socket', AF_INET6, SOCK_DGRAM, 0],
      ['connect', 'r0', `in6:::1:${PORT}`, 'len'],
      send(UNSPECIFIED_IPV6, 28),
    ]);
    check(calls, []);
    const parted = await told(
      [
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 'r0', UNSPECIFIED, 16],
      ],
      'connect',
    );
    check(parted.calls, [{ 'evt.rawres': 0, 'fd.sip': null, 'fd.connected': false }]);
    check(parted.out, []);
  });

  test('by another program that has the socket, to a peer that the one before it has sent to', async () => {
    const again: Step = ['sendto', 3, str('data'), 4, 0, SECRET, 'len'];
    const { calls, out } = await told([
      ['socket', AF_INET, SOCK_DGRAM, 0],
      send(SECRET),
      send(SECRET),
      ['@exec', actProgram(), 'act'],
      again,
      again,
    ]);
    const expected = { 'fd.num': 3, 'fd.sip': '127.0.0.2', 'fd.sport': PORT };
    check(calls, [expected, expected]);
    assert.equal(out.length, 2);
  });

  test('by another process that has the socket', async () => {
    const to = 'in:127.0.0.2:9'; // of no other test
    const calls = await act([['socket', AF_INET, SOCK_DGRAM, 0], send(to), send(to), ['@fork'], send(to), send(to)]);
    await agent.settled();
    const alerts = agent.alerts(OUT, { 'fd.sport': 9 });
    const senders = calls.filter(({ call }) => call === 'sendto').map(({ pid }) => BigInt(pid));
    assert.deepEqual(
      alerts.map(({ output_fields: fields }) => fields['proc.vpid']),
      [...new Set(senders)],
    );
    assert.equal(alerts.length, 2);
  });

  test('by raw sockets', async () => {
    const packet = `s:\\x08\\x00\\xf7\\xff${'\\x00'.repeat(4)}`; // an echo request
    const raw = (to: string, length: number | string): Step => ['sendto', 'r0', packet, 8, 0, to, length];
    for (const [socket, to, length, expected] of [
      [['socket', AF_INET, SOCK_RAW, IPPROTO_ICMP], 'in:127.0.0.2:0', 'len', '127.0.0.2'],
      [['socket', AF_INET, SOCK_RAW, IPPROTO_ICMP], SECRET, 'len', '127.0.0.2'],
      [['socket', AF_INET, SOCK_RAW, IPPROTO_ICMP], UNSPECIFIED, 16, '127.0.0.2'],
      [['socket', AF_INET6, SOCK_RAW, 253], 'in6:::2:0', 'len', '::2'],
      [['socket', AF_INET6, SOCK_RAW, 253], UNSPECIFIED_IPV6, 28, '::2'],
    ] satisfies [Step, string, number | string, string][]) {
      const { calls } = await told([socket, raw(to, length)]);
      check(calls, [{ 'fd.l4proto': 'raw', 'fd.sip': expected, 'fd.sport': 0, 'fd.name_changed': true }]);
    }
  });
});

describe('a sendmmsg that has the kernel overwrite', () => {
  const program = cProgram(fileURLToPath(new URL('../support/programs/overwritten-messages.c', import.meta.url)));
  const number = findEventType('sendmmsg')?.number ?? assert.fail();
  const lost = (): number => agent.counters.capture.dropped[number] ?? 0;

  async function overwritten(what: string): Promise<AlertLine[]> {
    await until(() => agent.product.summary().engine !== undefined); // the first numbers come within a second
    const before = lost();
    const { stdout } = await promisify(execFile)(program, [what, '127.0.0.4'], { encoding: 'utf8' });
    const [pid, result] = stdout.trim().split(' ');
    assert.equal(result, '1', 'it was sent');
    await until(() => lost() > before);
    await agent.settled();
    return agent.alerts(CALLS.name, { 'proc.vpid': BigInt(pid ?? ''), 'evt.type': 'sendmmsg' });
  }

  for (const what of process.arch === 'x64' ? ['address', 'address32'] : ['address']) {
    test(`the ${what} of its message: told without a peer, and counted as dropped`, async () => {
      const [alert = assert.fail(), ...others] = await overwritten(what);
      assert.equal(others.length, 0);
      assertFields(alert, { 'evt.rawres': 600, 'fd.typechar': '4', 'fd.sip': null, 'fd.connected': false });
    });
  }

  for (const word of process.arch === 'x64' ? ['descriptor', 'vector'] : []) {
    test(`the ${word} among the arguments of a socketcall: counted as dropped`, async () => {
      assert.equal((await overwritten(word)).length, 0);
    });
  }
});

describe('UNIX sockets', () => {
  test('that are bound before they connect or send: named by their peer', async () => {
    const [own, other] = [`${directory}/own`, `${directory}/other`];
    const stream = await told(
      [
        ['socket', AF_UNIX, SOCK_STREAM, 0],
        ['bind', 'r0', `un:${other}`, 'len'],
        ['listen', 'r0', 5],
        ['socket', AF_UNIX, SOCK_STREAM, 0],
        ['bind', 'r3', `un:${own}`, 'len'],
        ['connect', 'r3', `un:${other}`, 'len'],
      ],
      'connect',
    );
    assert.match(String(stream.calls[0]?.output_fields['fd.name']), new RegExp(` ${other}$`));
    const datagram = await told([
      ['socket', AF_UNIX, SOCK_DGRAM, 0],
      ['bind', 'r0', `un:${own}-1`, 'len'],
      ['sendto', 'r0', str('data'), 4, 0, `un:${other}-1`, 'len'],
    ]);
    assert.match(String(datagram.calls[0]?.output_fields['fd.name']), new RegExp(` ${other}-1$`));
  });

  test('whose paths differ in the middle alone: each is a peer', async () => {
    const path = (middle: string) => `un:/tmp/one/${middle}/a-name-of-more-than-twenty-four-bytes`;
    const { calls } = await told([
      ['socket', AF_UNIX, SOCK_DGRAM, 0],
      ...['aaaa', 'bbbb', 'aaaa'].map((middle): Step => ['sendto', 'r0', str('data'), 4, 0, path(middle), 'len']),
    ]);
    assert.deepEqual(
      calls.map(({ output_fields: fields }) => /[ab]{4}/.exec(String(fields['fd.name']))?.[0]),
      ['aaaa', 'bbbb'],
    );
  });
});
