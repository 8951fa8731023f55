// socket, bind, listen, connect, accept, accept4, sendto, sendmsg: both ends as the kernel has them, and what was passed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { act, type Call, callOf, type Step } from '../support/live/live-act.ts';
import { LiveAgent, type Observed } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  errno,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_STREAM,
} from '../support/live/live-numbers.ts';
import { NETWORK } from '../support/live/network-probe.ts';

/** Conditions on addresses are a matter of the module, not of the output: they are tried on real events too. */
const CONDITIONS = `
- rule: to the documentation network
  desc: by address, network and port
  condition: evt.type = connect and proc.name = act and fd.sip = 127.9.8.7 and fd.snet in (127.9.0.0/16) and fd.sport = 9
  output: '%fd.name'
  priority: DEBUG
- rule: to ::1
  desc: by an IPv6 address
  condition: evt.type = connect and proc.name = act and fd.sip = "::1" and fd.ip = "::1"
  output: '%fd.name'
  priority: DEBUG
`;

const directory = directoryForTests();
const agent = LiveAgent.forTests([NETWORK.rule, CONDITIONS], { ruleMatching: 'all' });

const observe = (steps: readonly Step[]): Promise<Observed[]> => agent.observe(NETWORK, steps);

function named(observed: readonly Observed[], name: string, index = 0): { call: Call; alert: AlertLine } {
  const found = observed.filter(({ call }) => call.call === name)[index];
  assert.ok(found, `no ${name}`);
  return found;
}

/** Address and port of ADDRESS:PORT. */
function split(end: string | undefined): { address: string; port: number } {
  assert.ok(end);
  const colon = end.lastIndexOf(':');
  return { address: end.slice(0, colon), port: Number(end.slice(colon + 1)) };
}

const NO_ENDS = { 'fd.cip': null, 'fd.sip': null, 'fd.cport': null, 'fd.sport': null };

/** A free port of this machine would be a guess; these are outside of what it gives out by itself. */
const PORT = 30_000 + (process.pid % 2_000);

test('socket: family, type, protocol', async () => {
  const observed = await observe([
    ['socket', AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0],
    ['socket', AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 17],
    ['socket', AF_UNIX, SOCK_STREAM, 0],
    ['socket', AF_NETLINK, SOCK_RAW, 0],
    ['socket', AF_PACKET, SOCK_RAW, 0x300],
    ['socket', 99, SOCK_STREAM, 0],
  ]);
  const expected = [
    {
      'evt.arg.domain': 'AF_INET',
      'fd.typechar': '4',
      'fd.type': 'ipv4',
      'evt.arg.flags': 'O_CLOEXEC',
      'fd.sockfamily': 'ip',
    },
    {
      'evt.arg.domain': 'AF_INET6',
      'fd.typechar': '6',
      'evt.arg.proto': '17',
      'evt.arg.flags': 'O_NONBLOCK',
      'fd.sockfamily': 'ip',
    },
    { 'evt.arg.domain': 'AF_LOCAL|AF_UNIX', 'fd.typechar': 'u', 'fd.type': 'unix', 'fd.sockfamily': 'unix' },
    { 'evt.arg.domain': 'AF_ROUTE|AF_NETLINK', 'fd.typechar': 'n', 'fd.type': 'netlink', 'fd.sockfamily': null },
    { 'evt.arg.domain': 'AF_PACKET', 'evt.arg.proto': '768' },
    // Falco derives a directory from the name of what failed, an empty one.
    { 'evt.res': 'EAFNOSUPPORT', 'fd.num': -1, 'fd.name': '', 'fd.directory': '/' },
  ];
  for (const [index, { call, alert }] of observed.entries()) {
    const failed = call.result < 0;
    assertFields(alert, {
      'evt.type': 'socket',
      'evt.category': 'net',
      'evt.rawres': call.result,
      'fd.num': failed ? -1 : call.result,
      'fd.name': '',
      'fd.directory': null,
      'fd.is_server': failed ? null : false,
      'fd.connected': failed ? null : false,
      ...NO_ENDS,
      ...expected[index],
    });
  }
});

test('a TCP connection: bind, listen, connect, accept, accept4', async () => {
  const observed = await observe([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${PORT}`, 'len'],
    ['listen', 'r0', 5],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r3', `in:127.0.0.1:${PORT}`, 'len'],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r5', `in:127.0.0.1:${PORT}`, 'len'],
    ['accept', 'r0', 'null', 'null'],
    ['accept4', 'r0', 'out', 'outlen', SOCK_CLOEXEC],
  ]);
  const here = `127.0.0.1:${PORT}`;
  assertFields(named(observed, 'bind').alert, {
    'evt.res': 'SUCCESS',
    'fd.name': here,
    'fd.typechar': '4',
    'evt.arg.addr': here,
    'fd.is_server': true,
    'fd.sip': '127.0.0.1',
    'fd.sport': PORT,
    'fd.cip': null,
    'fd.name_changed': true,
  });
  assertFields(named(observed, 'listen').alert, {
    'evt.rawres': 0,
    'fd.num': named(observed, 'socket').call.result,
    'fd.name': here,
    'evt.arg.backlog': '5',
    'fd.sip': '127.0.0.1',
    'fd.sport': PORT,
    'fd.cip': null,
    'fd.is_server': true,
  });
  for (const index of [0, 1]) {
    const { call, alert } = named(observed, 'connect', index);
    const own = split(call.local);
    const tuple = `${call.local}->${here}`;
    assertFields(alert, {
      'evt.rawres': 0,
      'evt.res': 'SUCCESS',
      'fd.num': named(observed, 'socket', index + 1).call.result,
      'fd.name': tuple,
      'evt.arg.tuple': tuple,
      'evt.arg.addr': here,
      'evt.arg.fd': `<4t>${tuple}`,
      'fd.l4proto': 'tcp',
      'fd.connected': true,
      'fd.name_changed': true,
      'fd.cip': '127.0.0.1',
      'fd.cport': own.port,
      'fd.sip': '127.0.0.1',
      'fd.sport': PORT,
      'fd.lip': '127.0.0.1',
      'fd.lport': own.port,
      'fd.rip': '127.0.0.1',
      'fd.rport': PORT,
      'fd.sockfamily': 'ip',
    });
  }
  for (const [index, type] of [
    [0, 'accept'],
    [1, 'accept4'],
  ] as const) {
    const { call, alert } = named(observed, type);
    const client = named(observed, 'connect', index).call;
    const tuple = `${client.local}->${here}`;
    assert.equal(call.peer, client.local);
    assertFields(alert, {
      'evt.rawres': call.result,
      'fd.num': call.result,
      'fd.name': tuple,
      'evt.arg.tuple': tuple,
      'evt.arg.queuemax': '5',
      'fd.l4proto': 'tcp',
      'fd.is_server': true,
      'fd.connected': true,
      'fd.cip': '127.0.0.1',
      'fd.cport': split(client.local).port,
      'fd.sip': '127.0.0.1',
      'fd.sport': PORT,
      'fd.lport': PORT,
      'fd.rport': split(client.local).port,
    });
  }
  assertFields(named(observed, 'accept').alert, { 'evt.arg.queuelen': '1', 'evt.arg.flags': null });
  assertFields(named(observed, 'accept4').alert, { 'evt.arg.queuelen': '0' });
});

test('IPv6, and IPv4 mapped into it', async () => {
  const observed = await observe([
    ['socket', AF_INET6, SOCK_STREAM, 0],
    ['bind', 'r0', `in6::::${PORT + 1}`, 'len'],
    ['listen', 'r0', 5],
    ['socket', AF_INET6, SOCK_STREAM, 0],
    ['connect', 'r3', `in6:::1:${PORT + 1}`, 'len'],
    ['accept', 'r0', 'null', 'null'],
    ['socket', AF_INET6, SOCK_STREAM, 0],
    ['connect', 'r6', `in6:::ffff:127.0.0.1:${PORT + 1}`, 'len'],
    ['accept', 'r0', 'null', 'null'],
  ]);
  const { call, alert } = named(observed, 'connect');
  const tuple = `${call.local}->::1:${PORT + 1}`;
  assertFields(alert, {
    'fd.typechar': '6',
    'fd.type': 'ipv6',
    'fd.name': tuple,
    'evt.arg.addr': `::1:${PORT + 1}`,
    'fd.sip': '::1',
    'fd.cip': '::1',
    'fd.sport': PORT + 1,
    'fd.l4proto': 'tcp',
  });
  assertFields(named(observed, 'accept').alert, { 'fd.name': tuple, 'fd.typechar': '6', 'fd.is_server': true });
  const mapped = named(observed, 'connect', 1);
  const from = split(mapped.call.local).port;
  assertFields(mapped.alert, {
    'fd.name': `127.0.0.1:${from}->127.0.0.1:${PORT + 1}`,
    'fd.sport': PORT + 1,
    'fd.cport': from,
  });
  await agent.only('to ::1', { 'fd.name': tuple });
});

test('a connection that is under way, refused, or out of the way', async () => {
  const observed = await observe([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r0', 'in:127.9.8.7:9', 'len'],
    ['socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0],
    ['connect', 'r2', 'in:127.9.8.7:9', 'len'],
    ['connect', 77, 'in:127.9.8.7:9', 'len'],
    ['connect', 'r0', 'null', 16],
  ]);
  const refused = named(observed, 'connect');
  assertFields(refused.alert, { 'evt.res': 'ECONNREFUSED', 'evt.arg.addr': '127.9.8.7:9' });
  const pending = named(observed, 'connect', 1);
  assert.ok([-errno('EINPROGRESS'), -errno('ECONNREFUSED')].includes(pending.call.result));
  assertFields(pending.alert, { 'evt.rawres': pending.call.result, 'evt.arg.addr': '127.9.8.7:9' });
  assertFields(named(observed, 'connect', 2).alert, { 'evt.res': 'EBADF', 'fd.type': null });
  assertFields(named(observed, 'connect', 3).alert, { 'evt.res': 'EFAULT', 'evt.arg.addr': 'NULL' });
});

test('a connection attempt says where it goes', async () => {
  // Nobody answers on the documentation network: without a route the call fails at once, with one it stays under way.
  const { alert, call } = named(
    await observe([
      ['socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0],
      ['connect', 'r', 'in:127.9.8.7:9', 'len'],
    ]),
    'connect',
  );
  assertFields(alert, { 'evt.arg.addr': '127.9.8.7:9', 'fd.typechar': '4', 'fd.num': 3, 'evt.rawres': call.result });
  if (call.result === -errno('EINPROGRESS')) {
    assertFields(alert, { 'fd.sip': '127.9.8.7', 'fd.sport': 9 });
    assert.ok(agent.alerts('to the documentation network').length > 0);
  }
});

test('datagrams: the first to a peer, by address or connection', async () => {
  const observed = await observe([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${PORT + 2}`, 'len'],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendto', 'r2', 's:hello', 5, 0, `in:127.0.0.1:${PORT + 2}`, 'len'],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendmsg', 'r4', `msg:in:127.0.0.1:${PORT + 2}`, 0],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['connect', 'r6', `in:127.0.0.1:${PORT + 2}`, 'len'],
  ]);
  for (const [type, size] of [
    ['sendto', 5],
    ['sendmsg', 4],
  ] as const) {
    const { call, alert } = named(observed, type);
    // Bound to no address of its own, the socket has none: what getsockname says too.
    const { port } = split(call.local);
    assertFields(alert, {
      'evt.rawres': size,
      'evt.arg.size': String(size),
      'evt.is_io_write': true,
      'fd.l4proto': 'udp',
      'fd.name': `${call.local}->127.0.0.1:${PORT + 2}`,
      'fd.sip': '127.0.0.1',
      'fd.sport': PORT + 2,
      'fd.cport': port,
      'fd.name_changed': true,
    });
  }
  const { call, alert } = named(observed, 'connect');
  assertFields(alert, { 'fd.name': `${call.local}->127.0.0.1:${PORT + 2}`, 'fd.l4proto': 'udp', 'fd.connected': true });
});

test('datagrams to an IPv4 address by a socket of IPv6', async () => {
  const observed = await observe([
    ['socket', AF_INET6, SOCK_DGRAM, 0],
    ['sendto', 'r0', 's:hello', 5, 0, `in6:::ffff:127.0.0.2:${PORT + 2}`, 'len'],
    ['sendto', 'r0', 's:hello', 5, 0, `in6:::1:${PORT + 2}`, 'len'],
  ]);
  const [mapped, other] = [named(observed, 'sendto'), named(observed, 'sendto', 1)];
  const { port } = split(mapped.call.local);
  assertFields(mapped.alert, {
    'fd.typechar': '4',
    'fd.name': `0.0.0.0:${port}->127.0.0.2:${PORT + 2}`,
    'fd.sip': '127.0.0.2',
  });
  assertFields(other.alert, { 'fd.typechar': '6', 'fd.name': `:::${port}->::1:${PORT + 2}`, 'fd.sip': '::1' });
});

test('datagrams to a peer that is known already are not reported again', async () => {
  const send = (port: number): Step => ['sendto', 'r0', 's:x', 1, 0, `in:127.0.0.1:${port}`, 'len'];
  const calls = await act([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ...[PORT, PORT, PORT, PORT + 1, PORT + 1, PORT].map(send),
  ]);
  await agent.settled();
  const pid = BigInt(callOf(calls, 'socket').pid);
  const ports = agent
    .alerts(NETWORK.name, { 'evt.type': 'sendto', 'proc.vpid': pid })
    .map((alert) => Number(alert.output_fields['fd.sport']));
  assert.deepEqual(ports, [PORT, PORT + 1]);
});

test('UNIX sockets: paths, and names in the abstract namespace', async () => {
  const path = `${directory}/socket`;
  const observed = await observe([
    ['socket', AF_UNIX, SOCK_STREAM, 0],
    ['bind', 'r0', `un:${path}`, 'len'],
    ['listen', 'r0', 5],
    ['socket', AF_UNIX, SOCK_STREAM, 0],
    ['connect', 'r3', `un:${path}`, 'len'],
    ['accept', 'r0', 'null', 'null'],
    ['socket', AF_UNIX, SOCK_STREAM, 0],
    ['connect', 'r6', `un:${directory}/none`, 'len'],
    ['socket', AF_UNIX, SOCK_STREAM, 0],
    ['bind', 'r8', `un:@wasprey-${process.pid}`, 'len'],
  ]);
  assertFields(named(observed, 'bind').alert, {
    'evt.rawres': 0,
    'fd.typechar': 'u',
    'evt.arg.addr': path,
    ...NO_ENDS,
  });
  const { alert } = named(observed, 'connect');
  assertFields(alert, {
    'evt.res': 'SUCCESS',
    'evt.arg.addr': path,
    'fd.type': 'unix',
    'fd.sockfamily': 'unix',
    'fd.connected': true,
  });
  // Both ends by their addresses in the kernel, then the path.
  assert.match(String(alert.output_fields['fd.name']), new RegExp(`^[0-9a-f]+->[0-9a-f]+ ${path}$`));
  const accepted = named(observed, 'accept').alert;
  assert.match(String(accepted.output_fields['fd.name']), new RegExp(`^[0-9a-f]+->[0-9a-f]+ ${path}$`));
  assertFields(named(observed, 'connect', 1).alert, { 'evt.res': 'ENOENT', 'evt.arg.addr': `${directory}/none` });
  assertFields(named(observed, 'bind', 1).alert, { 'evt.rawres': 0, 'fd.typechar': 'u' });
  assert.match(
    String(named(observed, 'bind', 1).alert.output_fields['evt.arg.addr']),
    new RegExp(`wasprey-${process.pid}`),
  );
});

test('in a container, with a network of its own', async () => {
  const container = new Container();
  try {
    await container.exec(['/bin/ip', 'link', 'set', 'lo', 'up'], { mayFail: true });
    const observed = await agent.observe(
      NETWORK,
      [
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 'r', 'in:127.0.0.1:53', 'len'],
      ],
      (steps) => container.act(steps),
    );
    const { call, alert } = named(observed, 'connect');
    assertFields(alert, {
      'container.id': container.shortId,
      'evt.rawres': call.result,
      'evt.arg.addr': '127.0.0.1:53',
    });
    if (call.result === 0) assertFields(alert, { 'fd.name': `${call.local}->127.0.0.1:53`, 'fd.sport': 53 });
  } finally {
    container.stop();
  }
});
