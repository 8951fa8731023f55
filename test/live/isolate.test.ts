// Isolated containers: what they still reach and what not, by each way to send, and that they are as before when it is lifted.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { loadAddon } from '../../host/capture/addon.ts';
import { IsolationError, Isolations } from '../../host/responses/isolation/isolations.ts';
import { type Network, readAllowed } from '../../host/responses/isolation/reachable.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { bpfFileSystemForTests } from '../support/live/bpf-file-system.ts';
import {
  ALLOW,
  connect,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_UNICAST_HOPS,
  inet,
  refused,
  send,
  socket,
  UNSPECIFIED,
  V4,
  V6,
} from '../support/live/isolate-steps.ts';
import { callOf, type RunningAct, type Step } from '../support/live/live-act.ts';
import { Container } from '../support/live/live-container.ts';
import {
  AF_INET,
  AF_INET6,
  errno,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_STREAM,
} from '../support/live/live-numbers.ts';
import { NamespacePeer, PEER_PORT as PORT } from '../support/live/namespace-peer.ts';
import { TIME_FACTOR } from '../support/live/time-factor.ts';
import { until } from '../support/until.ts';

/** Longer than a packet takes, far shorter than a connection lives. */
const SOON_MS = 300 * TIME_FACTOR;

const addon = loadAddon();
const bpf = bpfFileSystemForTests();
const isolations = new Isolations(bpf);

const container = new Container();
after(() => container.stop());
const CGROUP = unifiedGroup(container) ?? '';
const skip = CGROUP === '' ? 'no cgroup v2 here' : false;
const peer = await NamespacePeer.start(container.pid, [
  V4.allowed,
  V4.refused,
  V6.allowed,
  V6.refused,
  '203.0.113.9',
  'fd00:3::1',
]);
after(() => peer.stop());

/** Its group in the v2 hierarchy. */
function unifiedGroup({ id }: Container): string | undefined {
  return globSync(`/sys/fs/cgroup/{unified/,}wasprey-live-*/${id}`).find((path) => existsSync(`${path}/cgroup.events`));
}

/** Results of calls, in their order, as 0 or the name of the error. */
async function results(steps: readonly Step[]): Promise<(string | number)[]> {
  const calls = await container.act(steps);
  return calls
    .filter(({ call }) => call !== 'socket')
    .map(({ result }) => (result === -errno('EPERM') ? 'EPERM' : result));
}

async function isolated(allow: readonly Network[], body: () => Promise<void>): Promise<void> {
  await isolations.isolate(addon, container.id, CGROUP, allow);
  try {
    await body();
  } finally {
    isolations.lift(container.id);
  }
}

/** A run that has made its sockets, and goes on when it is told to. */
async function prepared(steps: readonly Step[], then: readonly Step[]): Promise<RunningAct> {
  const running = container.startAct([...steps, ['@wait'], ...then]);
  await running.place();
  return running;
}

test('new connections and datagrams are refused, by IPv4, IPv6 and IPv4 in IPv6', { skip }, async () => {
  const tries = [V4.refused, V6.refused, `::ffff:${V4.refused}`];
  for (const address of tries) {
    const before = await results(refused(address));
    assert.ok(
      before.every((result) => typeof result === 'number' && result >= 0),
      `${address}: ${before}`,
    );
  }
  await isolated(ALLOW, async () => {
    for (const address of tries)
      assert.deepEqual(await results(refused(address)), ['EPERM', 'EPERM', 'EPERM', 'EPERM'], address);
    assert.deepEqual(await results(refused('127.0.0.1')), ['EPERM', 'EPERM', 'EPERM', 'EPERM'], 'loopback');
  });
  for (const address of tries) assert.ok(!(await results(refused(address))).includes('EPERM'), address);
});

test('what is allowed is reached as before, and answers arrive', { skip }, async () => {
  await isolated(ALLOW, async () => {
    for (const address of [V4.allowed, V6.allowed, `::ffff:${V4.allowed}`]) {
      const family = address.includes(':') ? AF_INET6 : AF_INET;
      const mark = `x${address.replaceAll(/\W/g, '')}`;
      const calls = await container.act([
        socket(family, SOCK_STREAM),
        connect('r0', address),
        send('r0', mark),
        socket(family, SOCK_DGRAM),
        send('r3', `u${mark}`, inet(address), 'len'),
        ['recvfrom', 'r3', 'out', 16, 0, 'null', 'null'],
        socket(family, SOCK_DGRAM),
        connect('r6', address),
        send('r6', `c${mark}`),
        ['recvfrom', 'r6', 'out', 16, 0, 'null', 'null'],
      ]);
      assert.deepEqual(
        calls.filter(({ result }) => result < 0),
        [],
        address,
      );
      const plain = address.replace('::ffff:', '');
      for (const line of [`tcp ${plain} ${mark}`, `udp ${plain} u${mark}`, `udp ${plain} c${mark}`])
        await until(() => peer.has(line));
    }
  });
});

test('an address with a port is reached at that port alone', { skip }, async () => {
  await isolated(ALLOW, async () => {
    const nothing = await results([
      socket(AF_INET, SOCK_STREAM),
      connect('r0', '203.0.113.9'),
      socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK),
      connect('r2', '203.0.113.9', 53),
    ]);
    assert.equal(nothing[0], 'EPERM');
    assert.notEqual(nothing[1], 'EPERM');
  });
});

test('connections and connected sockets from before are silent, and go on afterwards', { skip }, async () => {
  const running = await prepared(
    [socket(AF_INET, SOCK_STREAM), connect('r0', V4.refused), socket(AF_INET, SOCK_DGRAM), connect('r2', V4.refused)],
    [send('r0', 'held-back'), send('r2', 'lost'), ['@wait'], send('r0', '-and-more')],
  );
  await isolated(ALLOW, async () => {
    running.goOn();
    await running.place();
    await pause(SOON_MS);
    assert.ok(!peer.lines.some((line) => /held-back|lost/.test(line)));
  });
  running.goOn();
  const calls = await running.end();
  assert.equal(callOf(calls, 'sendto').result, 9, 'TCP takes it, and sends it again later');
  assert.equal(callOf(calls, 'sendto', 1).result, -errno('EPERM'));
  await until(() => peer.lines.some((line) => line.includes('held-back')), 30_000);
});

test('a connected socket can not be sent away from by what is allowed', { skip }, async () => {
  const running = await prepared(
    [socket(AF_INET, SOCK_DGRAM), connect('r0', V4.refused)],
    [
      send('r0', 'to-allowed', inet(V4.allowed), 'len'),
      send('r0', 'still-refused'),
      connect('r0', V4.allowed),
      connect('r0', V4.refused),
      send('r0', 'to-the-last'),
    ],
  );
  await isolated(ALLOW, async () => {
    running.goOn();
    const calls = await running.end();
    assert.deepEqual(
      calls
        .filter(({ call }) => call !== 'socket')
        .slice(1)
        .map(({ result }) => result),
      [10, -errno('EPERM'), 0, -errno('EPERM'), 11],
    );
    await until(() => peer.has(`udp ${V4.allowed} to-the-last`));
    assert.ok(!peer.lines.some((line) => line.includes('still-refused')));
  });
});

test('a socket that gave up its allowed peer takes nothing from others', { skip }, async () => {
  for (const [family, { allowed, refused: other }] of [
    [AF_INET, V4],
    [AF_INET6, V6],
  ] as const) {
    await isolated(ALLOW, async () => {
      const running = await prepared(
        [
          socket(family, SOCK_DGRAM | SOCK_NONBLOCK),
          ['bind', 'r0', inet(family === AF_INET ? '0.0.0.0' : '::', PORT + 2), 'len'],
          connect('r0', allowed),
          ['connect', 'r0', UNSPECIFIED, 16],
        ],
        [['recvfrom', 'r0', 'out', 16, 0, 'null', 'null'], ['@wait'], ['recvfrom', 'r0', 'out', 16, 0, 'null', 'null']],
      );
      const own = family === AF_INET ? '127.0.0.1' : '::1';
      peer.send(own, PORT + 2, other);
      await pause(SOON_MS);
      running.goOn();
      await running.place();
      // The way is there: what is allowed arrives by it.
      peer.send(own, PORT + 2, allowed);
      await pause(SOON_MS);
      running.goOn();
      const calls = await running.end();
      assert.equal(callOf(calls, 'connect', 1).result, 0, 'the peer is given up');
      assert.equal(callOf(calls, 'recvfrom').result, -errno('EAGAIN'), other);
      assert.equal(callOf(calls, 'recvfrom', 1).result, 'unasked'.length, allowed);
    });
  }
});

test('raw sockets and ICMP send nothing to what is not allowed', { skip }, async () => {
  const raw = (address: string): Step[] => [
    socket(AF_INET, SOCK_RAW, IPPROTO_UDP),
    send('r0', 'eight-or-more', inet(address, 0), 'len'),
    socket(AF_INET, SOCK_RAW, IPPROTO_ICMP),
    send('r2', '\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\x00', inet(address, 0), 'len'),
  ];
  await isolated(ALLOW, async () => {
    assert.deepEqual(await results(raw(V4.refused)), ['EPERM', 'EPERM']);
    assert.ok(!(await results(raw(V4.allowed))).includes('EPERM'));
  });
});

test('neighbour discovery carries nothing beyond the link', { skip }, async () => {
  const message = (type: string, address: string): Step[] => [
    socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6),
    ['setsockopt', 'r0', IPPROTO_IPV6, IPV6_UNICAST_HOPS, 's:\\xff\\x00\\x00\\x00', 4],
    send('r0', `${type}${'\\x00'.repeat(7)}`, inet(address, 0), 'len'),
  ];
  const [solicitation, advertisement, redirect] = ['\\x87', '\\x88', '\\x89'];
  await isolated([...ALLOW, readAllowed('[fd00:3::1]:53') as Network], async () => {
    for (const type of [solicitation, advertisement, redirect]) {
      assert.deepEqual(await results(message(type ?? '', V6.refused)), [0, 'EPERM']);
    }
    assert.ok(!(await results(message(solicitation ?? '', V6.allowed))).includes('EPERM'));
    // Its neighbours must be found whose ports alone are allowed.
    assert.ok(!(await results(message(solicitation ?? '', 'fd00:3::1'))).includes('EPERM'));
    assert.ok((await results(message(redirect ?? '', 'fd00:3::1'))).includes('EPERM'));
  });
});

const link = existsSync('/usr/sbin/ip') ? skip : 'iproute2 is missing';
test('neighbours on its link are found, also those that were forgotten', { skip: link }, async () => {
  const other = new Container();
  const ip = (pid: number, words: string): unknown =>
    execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', ...words.split(' ')]);
  try {
    ip(container.pid, `link add w0 type veth peer name w1 netns /proc/${other.pid}/ns/net`);
    for (const [pid, device, address] of [
      [container.pid, 'w0', 'fd00:9::1'],
      [other.pid, 'w1', 'fd00:9::2'],
    ] as const) {
      ip(pid, `address add ${address}/64 dev ${device} nodad`);
      ip(pid, `link set ${device} up`);
    }
    const neighbour = await NamespacePeer.start(other.pid, ['fd00:9::2']);
    await isolated([readAllowed(`[fd00:9::2]:${PORT}`) as Network], async () => {
      for (const mark of ['first', 'second']) {
        for (const [pid, device] of [
          [container.pid, 'w0'],
          [other.pid, 'w1'],
        ] as const)
          ip(pid, `neighbour flush dev ${device}`);
        const calls = await container.act([
          socket(AF_INET6, SOCK_STREAM),
          connect('r0', 'fd00:9::2'),
          send('r0', mark),
        ]);
        assert.equal(callOf(calls, 'connect').result, 0, mark);
        await until(() => neighbour.has(`tcp fd00:9::2 ${mark}`));
      }
    });
    neighbour.stop();
  } finally {
    other.stop();
  }
});

test('nobody else reaches what listens in it', { skip }, async () => {
  const running = await prepared(
    [socket(AF_INET, SOCK_STREAM), ['bind', 'r0', inet('0.0.0.0', PORT + 1), 'len'], ['listen', 'r0', 8]],
    [],
  );
  assert.equal(await peer.connect('127.0.0.1', PORT + 1, V4.refused), 'succeeded');
  await isolated(ALLOW, async () => {
    assert.equal(await peer.connect('127.0.0.1', PORT + 1, V4.refused), 'timed out');
    assert.equal(await peer.connect(V4.refused, PORT + 1, V4.allowed), 'succeeded');
  });
  assert.equal(await peer.connect('127.0.0.1', PORT + 1, V4.refused), 'succeeded');
  await running.end();
});

test('a packet with a source route does not go by an allowed connection', { skip }, async () => {
  const IP_OPTIONS = 4;
  // NOP, then a loose source route of one hop.
  const route = `s:\\x01\\x83\\x07\\x04${V4.refused
    .split('.')
    .map((part) => `\\x${Number(part).toString(16).padStart(2, '0')}`)
    .join('')}`;
  await isolated(ALLOW, async () => {
    const calls = await container.act([
      socket(AF_INET, SOCK_DGRAM),
      ['setsockopt', 'r0', 0, IP_OPTIONS, route, 8],
      connect('r0', V4.allowed),
      send('r0', 'by-source-route'),
    ]);
    const [, option, connected, sent] = calls.map(({ result }) => result);
    assert.deepEqual([option, connected, sent], [0, 0, -errno('EPERM')]);
  });
});

const service = existsSync('/usr/sbin/iptables') ? skip : 'iptables is missing';
test('an allowed address that the host translates is reached: services of clusters', { skip: service }, async () => {
  const translate = [
    '-t',
    'nat',
    '-A',
    'OUTPUT',
    '-d',
    '203.0.113.9',
    '-p',
    'tcp',
    '-j',
    'DNAT',
    '--to',
    `${V4.refused}:${PORT}`,
  ];
  execFileSync('nsenter', [`--net=/proc/${container.pid}/ns/net`, 'iptables', ...translate]);
  await isolated(ALLOW, async () => {
    await container.act([socket(AF_INET, SOCK_STREAM), connect('r0', '203.0.113.9', 53), send('r0', 'by-service')]);
    await until(() => peer.has(`tcp ${V4.refused} by-service`));
    assert.deepEqual((await results(refused(V4.refused)))[0], 'EPERM');
  });
});

test('it outlives the process that made it, and needs none to be lifted', { skip }, async () => {
  const script = `
    const { loadAddon } = await import('${PROJECT}host/capture/addon.ts');
    const { Isolations } = await import('${PROJECT}host/responses/isolation/isolations.ts');
    await new Isolations('${bpf}').isolate(loadAddon(), '${container.id}', '${CGROUP}', []);
    console.log('isolated');
    setInterval(() => {}, 1000);`;
  const agent: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(agent.stdout);
  await once(agent.stdout, 'data');
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  assert.deepEqual((await results(refused(V4.allowed)))[0], 'EPERM');
  const later = new Isolations(bpf);
  assert.deepEqual(later.list(), [container.id]);
  assert.equal(later.liftAll(), 1);
  assert.ok(!readdirSync(bpf).some((name) => name.includes('wasprey')));
  assert.ok(!(await results(refused(V4.allowed))).includes('EPERM'));
});

test('what a killed agent has left half made is removed', { skip }, () => {
  const half = join(bpf, 'wasprey-isolated', `half-1-${container.id}`);
  mkdirSync(half, { recursive: true });
  isolations.removeHalf();
  assert.ok(!existsSync(half));
});

test('the programs are verified on another thread than the one that asks', { skip }, async () => {
  const half = join(bpf, 'wasprey-isolated', `half-${process.pid}-${container.id}`);
  const isolating = isolations.isolate(addon, container.id, CGROUP, ALLOW);
  // This thread does not return to its event loop, so whatever makes the files is another one.
  const deadline = Date.now() + 60_000;
  while (readdirSync(half).length === 0 && Date.now() < deadline);
  const made = readdirSync(half).length;
  await isolating;
  isolations.lift(container.id);
  assert.ok(made > 0);
});

test('a container that can not be isolated stays as it is, with the reason', { skip }, async () => {
  const failing = (group: string, fileSystem = bpf) =>
    new Isolations(fileSystem).isolate(addon, container.id, group, []);
  await assert.rejects(failing('/tmp'), IsolationError);
  await assert.rejects(failing('/nonexistent'), /Opening the cgroup \/nonexistent failed \(ENOENT/);
  await assert.rejects(failing(CGROUP, '/tmp'), /no BPF file system is mounted/);
  assert.deepEqual(isolations.list(), []);
  assert.ok(!(await results(refused(V4.refused))).includes('EPERM'));
});

test('an isolation of a container that has ended can be lifted', { skip }, async () => {
  const short = new Container();
  try {
    await isolations.isolate(addon, short.id, unifiedGroup(short) ?? '', []);
  } finally {
    short.stop();
  }
  assert.ok(isolations.has(short.id));
  assert.ok(isolations.lift(short.id));
  assert.ok(!isolations.has(short.id));
});
