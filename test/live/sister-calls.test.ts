// Calls that do what others do under another name: told as those, so that rules on the others see them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { makeDirectory } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AF_INET, AT_FDCWD, errno, O, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const MSG_FASTOPEN = 0x20000000;
const MSG_NOSIGNAL = 0x4000;
const IPPROTO_MPTCP = 262;
const F_GETFD = 1;
const F_DUPFD = 0;
const F_DUPFD_CLOEXEC = 1030;

const DUPLICATES = probe(['dup', 'dup2', 'dup3'], ['fd.num', 'fd.name', 'fd.typechar', 'evt.res', 'evt.arg.oldfd']);
const MODES = probe(['fchmodat'], ['evt.arg.filename', 'evt.arg.mode', 'evt.res']);
const CONNECTS = probe(['connect'], ['evt.res', 'fd.name', 'fd.sip', 'fd.sport', 'fd.l4proto', 'fd.num']);
/** As rules ask for what leaves the machine. */
const OUTBOUND = {
  name: 'outbound',
  rule: `
- rule: outbound
  desc: connections to elsewhere
  condition: >
    (evt.type = connect or (evt.type in (sendto, sendmsg) and fd.l4proto != tcp and fd.name_changed = true))
    and fd.typechar in (4, 6) and fd.net != 127.0.0.0/8 and not fd.snet in (10.0.0.0/8, 192.168.0.0/16)
    and (evt.rawres >= 0 or evt.res = EINPROGRESS) and proc.name = act
  output: '%fd.name %fd.sip %fd.sport %proc.vpid %evt.type'
  priority: DEBUG
`,
};
const SENDS = probe(['sendto', 'sendmsg', 'sendmmsg'], ['fd.name']);
const NAMES = probe(
  ['openat'],
  ['proc.name', 'proc.pname', 'fd.name'],
  'proc.exepath endswith /act and fd.name contains wasprey-live',
);

let folder: ReturnType<typeof makeDirectory>;
let file = '';

before(() => {
  folder = makeDirectory();
  file = `${folder.path}/file`;
  writeFileSync(file, 'content');
});
const agent = LiveAgent.forTests([DUPLICATES.rule, MODES.rule, CONNECTS.rule, SENDS.rule, NAMES.rule, OUTBOUND.rule], {
  ruleMatching: 'all',
});

after(() => {
  folder.remove();
});

test('fcntl that duplicates a descriptor is a dup; other commands are not', async () => {
  const calls = await act([
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['fcntl', 'r0', F_DUPFD, 40],
    ['fcntl', 'r0', F_DUPFD_CLOEXEC, 50],
    ['fcntl', 'r0', F_GETFD, 0],
    ['fcntl', 999, F_DUPFD, 0],
  ]);
  await agent.settled();
  const alerts = agent.alerts(DUPLICATES.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
  assert.equal(alerts.length, 3);
  const [one, other, failed] = alerts;
  assertFields(one ?? assert.fail(), { 'evt.type': 'dup', 'fd.num': 40, 'fd.name': file, 'evt.rawres': 40 });
  assertFields(other ?? assert.fail(), { 'evt.type': 'dup', 'fd.num': 50, 'fd.name': file, 'evt.rawres': 50 });
  assertFields(failed ?? assert.fail(), { 'evt.type': 'dup', 'evt.res': 'EBADF', 'fd.num': -1 });
});

test('fchmodat2 is an fchmodat', async () => {
  const calls = await act([
    ['fchmodat2', AT_FDCWD, str(file), 0o4755, 0],
    ['fchmodat2', AT_FDCWD, str(`${file}-none`), 0o755, 0],
  ]);
  await agent.settled();
  const alerts = agent.alerts(MODES.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
  assert.equal(alerts.length, 2);
  assertFields(alerts[0] ?? assert.fail(), { 'evt.type': 'fchmodat', 'evt.arg.filename': file, 'evt.rawres': 0 });
  assertFields(alerts[1] ?? assert.fail(), { 'evt.arg.filename': `${file}-none`, 'evt.res': 'ENOENT' });
});

const FAST_OPENS: readonly Step[] = [
  ['sendto', 'r0', str('data'), 4, MSG_FASTOPEN, 'in:127.0.0.1:9', 'len'],
  ['sendmsg', 'r0', 'msg:in:127.0.0.1:9', MSG_FASTOPEN],
  ['sendmmsg', 'r0', 'msgs:in:127.0.0.1:9,in:127.0.0.1:9', 2, MSG_FASTOPEN],
  ['ring:sendto', 'r0', str('data'), 4, MSG_FASTOPEN, 'in:127.0.0.1:9', 'len'],
  ['ring:sendmsg', 'r0', 'msg:in:127.0.0.1:9', MSG_FASTOPEN],
  ['int80:sendto', 'r0', str('data'), 4, MSG_FASTOPEN, 'in:127.0.0.1:9', 'len'],
  ['int80:sendmsg', 'r0', 'msg32:in:127.0.0.1:9', MSG_FASTOPEN],
  ['int80:sendmmsg', 'r0', 'msgs32:in:127.0.0.1:9,in:127.0.0.1:9', 2, MSG_FASTOPEN],
];
for (const step of FAST_OPENS) {
  test(`${step[0]} with MSG_FASTOPEN is a connect, and no send`, async () => {
    const calls = await act([
      ['socket', AF_INET, SOCK_STREAM, 0],
      step,
      ['sendto', 'r0', str('data'), 4, MSG_NOSIGNAL, 'in:127.0.0.1:9', 'len'],
    ]);
    const { pid, result } = calls[1] ?? assert.fail();
    assert.ok(result < 0, 'nothing listens there');
    const alert = await agent.only(CONNECTS.name, { 'proc.vpid': BigInt(pid) });
    assertFields(alert, { 'evt.type': 'connect', 'fd.sip': '127.0.0.1', 'fd.sport': 9, 'fd.l4proto': 'tcp' });
    // A request of io_uring that sends is reported when it is made.
    if (!String(step[0]).startsWith('ring')) assertFields(alert, { 'evt.rawres': result, 'evt.res': 'ECONNREFUSED' });
    await agent.none(SENDS.name, { 'proc.vpid': BigInt(pid) });
  });
}

for (const step of [
  ['connect', 'r0', 'in:127.0.0.1:9', 'len'],
  ['sendto', 'r0', str('data'), 4, MSG_FASTOPEN, 'in:127.0.0.1:9', 'len'],
] satisfies Step[]) {
  test(`Multipath TCP, by ${step[0]}, is TCP`, async () => {
    const calls = await act([['socket', AF_INET, SOCK_STREAM, IPPROTO_MPTCP], step]);
    const { pid, result } = calls[1] ?? assert.fail();
    assert.equal(result, -errno('ECONNREFUSED'));
    const alert = await agent.only(CONNECTS.name, { 'proc.vpid': BigInt(pid) });
    assertFields(alert, { 'fd.sip': '127.0.0.1', 'fd.sport': 9, 'fd.l4proto': 'tcp', 'evt.res': 'ECONNREFUSED' });
  });
}

for (const [step, isOutbound] of [
  [['connect', 'r3', 'in:203.0.113.5:9443', 'len'], true],
  [['sendto', 'r3', str('data'), 4, MSG_FASTOPEN, 'in:203.0.113.5:9443', 'len'], true],
  [['sendmsg', 'r3', 'msg:in:203.0.113.5:9443', MSG_FASTOPEN], true],
  [['sendmmsg', 'r3', 'msgs:in:203.0.113.5:9443', 1, MSG_FASTOPEN], true],
  [['ring:sendto', 'r3', str('data'), 4, MSG_FASTOPEN, 'in:203.0.113.5:9443', 'len'], true],
  [['sendto', 'r3', str('data'), 4, MSG_FASTOPEN, 'in:127.0.0.1:9443', 'len'], false],
] satisfies [Step, boolean][]) {
  test(`${step[0]} to ${isOutbound ? 'another machine' : 'itself'}, by a rule on outbound connections`, async () => {
    const calls = await act([
      ['@network', '203.0.113.5'],
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['bind', 'r0', 'in:0.0.0.0:9443', 'len'],
      ['listen', 'r0', 1],
      ['socket', AF_INET, SOCK_STREAM, 0],
      step,
    ]);
    const { pid, result } = calls.at(-1) ?? assert.fail();
    assert.ok(result >= 0 || result === -errno('EINPROGRESS'));
    const where = { 'proc.vpid': BigInt(pid) };
    if (!isOutbound) return agent.none(OUTBOUND.name, where);
    assertFields(await agent.only(OUTBOUND.name, where), { 'fd.sip': '203.0.113.5', 'fd.sport': 9443 });
  });
}

test('a process that takes another name keeps that of its program, and so do its children', async () => {
  const running = startAct([
    ['@comm', 'trusted'],
    ['setsid'],
    ['chdir', str(folder.path)],
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['@fork'],
    ['openat', AT_FDCWD, str(file), O.RDONLY],
  ]);
  const calls = (await running.end()).filter(({ call }) => call === 'openat');
  assert.equal(calls.length, 2);
  for (const { pid } of calls) {
    const alert = await agent.only(NAMES.name, { 'proc.vpid': BigInt(pid), 'evt.type': 'openat' });
    assertFields(alert, { 'proc.name': 'act', 'fd.name': file });
  }
});
