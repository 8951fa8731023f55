// recvfrom, recvmsg: who sent and what, once as a new peer and then as a known one; the bytes of sends; userfaultfd.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFields } from '../support/live/alert-line.ts';
import type { Step } from '../support/live/live-act.ts';
import { LiveAgent, type Observed } from '../support/live/live-agent.ts';
import { AF_INET, O, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const RECEIVE = probe(
  ['recvfrom', 'recvmsg', 'userfaultfd'],
  [
    ...['evt.res', 'evt.category', 'evt.buffer', 'evt.buflen', 'evt.arg.data', 'evt.arg.size', 'evt.arg.tuple'],
    ...['evt.arg.flags', 'evt.is_io_read', 'evt.io_dir', 'fd.num', 'fd.name', 'fd.type', 'fd.typechar', 'fd.l4proto'],
    ...['fd.cip', 'fd.sip', 'fd.cport', 'fd.sport', 'fd.is_server', 'fd.connected', 'fd.name_changed'],
  ],
);

/** Each on the datagrams of the test below, or on none of them. */
const CONDITIONS: readonly (readonly [condition: string, matches: boolean])[] = [
  ['evt.type = recvfrom and evt.buffer bcontains cafebabe', true],
  ['evt.type = recvfrom and evt.buffer bcontains cafebabf', false],
  ['evt.type = recvfrom and evt.buffer contains "end"', true],
  ['evt.type = recvfrom and evt.buflen = 7', true],
  ['evt.type = sendto and evt.buffer bcontains cafebabe and evt.buflen = 7', true],
  ['evt.type = recvfrom and fd.cnet = 127.0.0.0/8 and fd.net = 127.0.0.0/8', true],
  ['evt.type = recvfrom and fd.cnet = 10.0.0.0/8', false],
  ['evt.type = recvfrom and fd.net != 127.0.0.0/8', false],
  ['evt.type = recvfrom and fd.snet in (10.0.0.0/8, 127.0.0.1/32)', true],
  ['evt.type = recvfrom and fd.rnet = 127.0.0.0/8 and fd.lnet = 127.0.0.0/8', true],
  ['evt.type = recvfrom and fd.rnet = 127.0.0.2/32', false],
];

const PORT = 25_000 + (process.pid % 5_000);
const rules = CONDITIONS.map(([condition], index) => ({
  rule: `condition ${index}`,
  desc: 'conditions read what output shows',
  condition: `${condition} and fd.sport = ${PORT} and fd.port = ${PORT} and proc.name = act`,
  output: '%fd.name',
  priority: 'DEBUG',
}));

const agent = LiveAgent.forTests([RECEIVE.rule, JSON.stringify(rules)], { ruleMatching: 'all' });

const DATA = 's:\\xca\\xfe\\xba\\xbeend';

const observe = (steps: readonly Step[]): Promise<Observed[]> => agent.observe(RECEIVE, steps);

function received(observed: readonly Observed[]): Observed[] {
  return observed.filter(({ call }) => call.call.startsWith('recv'));
}

test('datagrams are of a client that is new once', async () => {
  const observed = await observe([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${PORT}`, 'len'],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r2', `in:127.0.0.1:${PORT + 1}`, 'len'],
    ['sendto', 'r2', DATA, 7, 0, `in:127.0.0.1:${PORT}`, 'len'],
    ['sendto', 'r2', 's:again', 5, 0, `in:127.0.0.1:${PORT}`, 'len'],
    ['sendto', 'r2', 's:more', 4, 0, `in:127.0.0.1:${PORT}`, 'len'],
    ['recvfrom', 'r0', 's:room for data', 14, 0, 'out', 'outlen'],
    ['recvmsg', 'r0', 'msg:in:127.0.0.9:9', 0],
    ['recvfrom', 'r0', 's:room for data', 14, 0, 'null', 'null'],
  ]);
  const [first, second, third] = received(observed);
  assert.ok(first && second && third);
  const name = `127.0.0.1:${PORT + 1}->127.0.0.1:${PORT}`;
  assertFields(first.alert, {
    'evt.type': 'recvfrom',
    'evt.rawres': 7,
    'evt.category': 'net',
    'evt.is_io_read': true,
    'evt.buflen': 7,
    'evt.arg.size': '14',
    'evt.arg.tuple': name,
    'fd.name': name,
    'fd.typechar': '4',
    'fd.l4proto': 'udp',
    'fd.cip': '127.0.0.1',
    'fd.sip': '127.0.0.1',
    'fd.cport': PORT + 1,
    'fd.sport': PORT,
    'fd.is_server': true,
    'fd.connected': false,
    'fd.name_changed': true,
  });
  assert.equal(first.alert.output_fields['evt.buffer'], first.alert.output_fields['evt.arg.data']);
  assert.match(String(first.alert.output_fields['evt.buffer']), /^\.{4}end$/);
  assertFields(second.alert, {
    'evt.type': 'recvmsg',
    'evt.rawres': 4,
    'evt.arg.size': '4',
    'evt.buffer': 'agai',
    'fd.name': name,
    'fd.name_changed': false,
  });
  // Who asks for no sender is not told one.
  assertFields(third.alert, { 'evt.buffer': 'more', 'fd.name': `127.0.0.1:${PORT}`, 'fd.name_changed': false });
  for (const [index, [condition, matches]] of CONDITIONS.entries()) {
    assert.equal(agent.alerts(`condition ${index}`).length > 0, matches, condition);
  }
});

test('a stream: each read has its data, a call that finds none yet is not an event', async () => {
  const port = PORT + 2;
  const long = 'x'.repeat(100);
  const observed = await observe([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${port}`, 'len'],
    ['listen', 'r0', 1],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r3', `in:127.0.0.1:${port}`, 'len'],
    ['accept', 'r0', 'null', 'null'],
    ['write', 'r3', `s:${long}`, 100],
    ['recvfrom', 'r5', 'out', 4096, 0, 'null', 'null'],
  ]);
  const [read] = received(observed);
  assert.ok(read);
  assertFields(read.alert, {
    'evt.rawres': 100,
    'evt.buflen': 100,
    'evt.buffer': long.slice(0, 80),
    'fd.l4proto': 'tcp',
    'fd.connected': true,
    'fd.sport': port,
    'fd.is_server': true,
    'fd.name_changed': false,
  });
});

test('userfaultfd makes a descriptor', async () => {
  const observed = await observe([
    ['userfaultfd', O.CLOEXEC],
    ['userfaultfd', 0x7fff0000],
  ]);
  const [made, failed] = observed;
  assert.ok(made && failed);
  assertFields(made.alert, {
    'evt.res': 'SUCCESS',
    'evt.arg.flags': 'O_CLOEXEC',
    'fd.num': made.call.result,
    'fd.typechar': 'u',
  });
  assertFields(failed.alert, { 'evt.res': 'EINVAL', 'fd.num': -1 });
});
