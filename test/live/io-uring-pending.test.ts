// Requests of io_uring whose completion is silent, or hard to tell from that of another: the file that was opened and the peer that was
// accepted are known.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { findEventType } from '../../host/schema/events/index.ts';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { CGROUPS } from '../support/live/cgroup-place.ts';
import { act, type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AF_INET, AT_FDCWD, O, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';
import { until } from '../support/until.ts';

const NOBODY = 65_534;
const PORT = 18_000 + (process.pid % 100) * 10;
const directory = directoryForTests();
const link = `${directory}/link`;

const READ = probe(
  ['openat', 'openat2'],
  ['evt.is_io_uring', 'evt.res', 'fd.name', 'fd.nameraw', 'proc.name', 'thread.ismain'],
  "evt.is_open_read = true and fd.typechar = 'f' and fd.num >= 0 and fd.name endswith /secret",
);
/** Has what {@link READ} has not matched. */
const NAMED = probe(['openat'], ['evt.is_io_uring', 'evt.res', 'fd.name', 'fd.realpath'], `fd.name = ${link}`);
const REMOVED = probe(['unlinkat'], ['evt.is_io_uring', 'evt.res'], 'evt.is_io_uring = true');
const SOCKETS = probe(['socket'], ['evt.is_io_uring'], 'evt.is_io_uring = true');
const ACCEPTED = probe(['accept4'], ['evt.is_io_uring', 'fd.sport', 'fd.cip', 'fd.cport']);

before(() => {
  writeFileSync(`${directory}/secret`, 'content');
  symlinkSync('secret', link);
});
const agent = LiveAgent.forTests([READ.rule, NAMED.rule, REMOVED.rule, SOCKETS.rule, ACCEPTED.rule]);

function lostOpens(): number {
  const number = findEventType('openat')?.number ?? assert.fail();
  return agent.counters.capture.dropped[number] ?? 0;
}

async function assertSeen(way: string): Promise<void> {
  const [call = assert.fail()] = await act([[`${way}:openat`, AT_FDCWD, str(link), O.RDONLY]]);
  const alert = await agent.only(READ.name, { 'proc.vpid': BigInt(call.pid) });
  assertFields(alert, { 'evt.is_io_uring': true, 'fd.name': `${directory}/secret`, 'proc.name': 'act' });
}

for (const [what, ways] of [
  ['that completes silently', ['+silent', '+silent+async', '+silent+slot', '+silent+full', '+silent+sqpoll']],
  ['that completes silently, the last of its ring', ['+unseen', '+unseen+async', '+unseen+slot', '+unseen+sqpoll']],
  ['with the same user_data as a pending one', ['+twin', '+twin+async', '+twin+full', '+twin+silent', '+twin+sqpoll']],
  ['with the user_data and result of one that completes before it', ['+forged+full']],
  ['with 1024 others pending', ['+crowd', '+crowd+async', '+crowd+silent', '+crowd+sqpoll']],
] as const) {
  for (const way of ways) {
    test(`openat ${what} (${way}): the file behind the link`, () => assertSeen(`ring${way}`));
  }
}

test('unlinkat that has ended, and whose completion is asked for beside more pending opens than there is room for', async () => {
  writeFileSync(`${directory}/removed`, '');
  const [call = assert.fail()] = await act([['ring+parked:unlinkat', AT_FDCWD, str(`${directory}/removed`), 0]]);
  assertFields(await agent.only(REMOVED.name, { 'proc.vpid': BigInt(call.pid) }), { 'evt.res': 'SUCCESS' });
});

test('openat2 that completes silently, by a 32-bit call: the file behind the link', async () => {
  const [call = assert.fail()] = await act([
    ['ring+silent+int80:openat2', AT_FDCWD, str(link), `how:${O.RDONLY},0,0`, 'len'],
  ]);
  await agent.only(READ.name, { 'proc.vpid': BigInt(call.pid), 'fd.name': `${directory}/secret` });
});

/**
 * Of a chain without completions: the agent looks every 10 ms, and may do so while the chain runs. A chain takes long where a thread of the
 * kernel reads the file, as newer kernels do on tmpfs.
 */
async function assertSeenOrCounted(way: string): Promise<void> {
  const before = lostOpens();
  const [call = assert.fail()] = await act([[`${way}:openat`, AT_FDCWD, str(link), O.RDONLY]]);
  const ofCall = { 'proc.vpid': BigInt(call.pid) };
  await agent.settled();
  if (agent.alerts(READ.name, ofCall).length > 0) {
    const seen = await agent.only(READ.name, ofCall);
    assertFields(seen, { 'evt.is_io_uring': true, 'evt.res': 'SUCCESS', 'fd.name': `${directory}/secret` });
    await agent.none(NAMED.name, ofCall);
    return;
  }
  const named = await agent.only(NAMED.name, ofCall);
  assertFields(named, { 'evt.is_io_uring': true, 'evt.res': 'SUCCESS', 'fd.name': link, 'fd.realpath': null });
  await until(() => lostOpens() > before);
}

for (const way of ['ring+chain', 'ring+chain+sqpoll', 'ring+chain+async']) {
  test(`openat, read and close in one chain (${way}): the file behind the link, or the path as passed, which is counted`, () =>
    assertSeenOrCounted(way));
}

for (const way of [
  ...['+slot+replace', '+slot+shut', '+slot+shut+replace', '+shut', '+shut+replace'],
  ...['+slot+any+replace', '+slot+any+shut', '+shut+beside', '+slot+replace+socket'],
]) {
  test(`openat, read, and close or another open, or a socket, in its place, in one batch (${way}): the file behind the link`, () =>
    assertSeen(`ring${way}`));
}

for (const way of ['+slot+replace', '+shut+replace']) {
  test(`openat, read and another open in its place, in one chain (${way}): the file behind the link, or the path as passed, which is counted`, () =>
    assertSeenOrCounted(`ring+linked${way}`));

  test(`the same with a pause before the other open (${way}+slow): the file behind the link`, () =>
    assertSeen(`ring+linked${way}+slow`));
}

/** Does something beside pending opens of somebody else: another user, and another control group, by which users in a container are told apart. */
async function besideOthers(way: string, deed: () => Promise<void>): Promise<void> {
  const group = `${CGROUPS}/wasprey-pending-${process.pid}`;
  mkdirSync(group);
  const words = [AT_FDCWD, str(link), O.RDONLY] as const;
  // The open that is not a request makes known where the process is now.
  const others = startAct([
    ['@wait'],
    ['setresuid', NOBODY, 0, 0],
    ['openat', ...words],
    [`${way}:openat`, ...words],
    ['@wait'],
  ]);
  try {
    const { pid } = await others.place();
    writeFileSync(`${group}/cgroup.procs`, String(pid));
    others.goOn();
    await others.place();
    await deed();
    await others.end();
  } finally {
    others.process.kill('SIGKILL');
    await until(() => readFileSync(`${group}/cgroup.procs`, 'utf8') === '');
    rmdirSync(group);
  }
}

test('openat that completes silently beside many pending ones of another user: the file behind the link', () =>
  besideOthers('ring+hoard', async () => {
    const [call = assert.fail()] = await act([['ring+silent:openat', AT_FDCWD, str(link), O.RDONLY]]);
    await agent.only(READ.name, { 'proc.vpid': BigInt(call.pid), 'fd.name': `${directory}/secret` });
  }));

test('openat beside more pending ones of another user than there is room for: the path as it was passed, and the file behind it', async () => {
  const lost = lostOpens();
  await besideOthers('ring+crowd+stay', async () => {
    const [call = assert.fail()] = await act([['ring:openat', AT_FDCWD, str(link), O.RDONLY]]);
    const alert = await agent.only(READ.name, { 'proc.vpid': BigInt(call.pid) });
    assertFields(alert, { 'fd.name': `${directory}/secret`, 'fd.nameraw': link });
  });
  // Those that had no room are of the user who has taken too much.
  await until(() => lostOpens() > lost);
});

test('many that complete silently, one after the other: one alert each', async () => {
  const steps = Array.from({ length: 40 }, (): Step => ['ring+silent:openat', AT_FDCWD, str(link), O.RDONLY]);
  const [call = assert.fail()] = await act(steps);
  await agent.settled();
  assert.equal(agent.alerts(READ.name, { 'proc.vpid': BigInt(call.pid) }).length, steps.length);
});

for (const way of ['ring+silent', 'ring+unseen', 'ring+twin', 'ring+crowd']) {
  test(`accept by ${way}: the peer`, async () => {
    const port = PORT + ['ring+silent', 'ring+unseen', 'ring+twin', 'ring+crowd'].indexOf(way);
    const [call = assert.fail()] = await act([
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['bind', 'r0', `in:127.0.0.1:${port}`, 'len'],
      ['listen', 'r0', 7],
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['connect', 'r3', `in:127.0.0.1:${port}`, 'len'],
      [`${way}:accept4`, 'r0', 'null', 'null', O.CLOEXEC],
    ]);
    const alert = await agent.only(ACCEPTED.name, { 'proc.vpid': BigInt(call.pid), 'fd.cip': '127.0.0.1' });
    assertFields(alert, { 'evt.is_io_uring': true, 'fd.sport': port });
  });
}
