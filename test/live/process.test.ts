// Calls with numbers alone: setuid, setgid, setresuid, ptrace, unshare, init_module, signals, setsid, setpgid, the clone
// family; and those of which the name alone is reported.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { actProgram, callOf, type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { IN_ROOT_PIDS, NO_MODULE } from '../support/live/live-kernel.ts';
import {
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  SIGCHLD,
} from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const PROCESS = probe(
  [
    ...[
      'setuid',
      'setgid',
      'setresuid',
      'ptrace',
      'unshare',
      'init_module',
      'clone',
      'clone3',
      'fork',
      'vfork',
      'mkdir',
    ],
    ...['kill', 'tkill', 'tgkill', 'setsid', 'setpgid', 'kexec_load', 'kexec_file_load', 'perf_event_open'],
    ...['pivot_root', 'keyctl'],
  ],
  [
    ...[
      'evt.res',
      'evt.args',
      'evt.category',
      'evt.arg.uid',
      'evt.arg.gid',
      'evt.arg.ruid',
      'evt.arg.euid',
      'evt.arg.suid',
    ],
    ...[
      'evt.arg.request',
      'evt.rawarg.pid',
      'evt.arg.addr',
      'evt.arg.data',
      'evt.arg.flags',
      'evt.arg.uargs',
      'evt.arg.length',
    ],
    ...[
      'evt.arg.sig',
      'evt.rawarg.sig',
      'evt.rawarg.tid',
      'evt.rawarg.pgid',
      'evt.arg.exe',
      'evt.arg.vpid',
      'fd.name',
      'user.uid',
      'user.name',
      'group.gid',
      'proc.name',
      'proc.ppid',
      'proc.pname',
    ],
    ...['proc.pvpid', 'thread.cap_effective', 'thread.cap_permitted', 'thread.ismain', 'proc.cmdline'],
  ],
);

const agent = LiveAgent.forTests([PROCESS.rule]);

const check = agent.checks(PROCESS, ({ result }) => ({ 'evt.rawres': result, 'fd.name': null }));

/** A call that does nothing, to see what is known of the process by then. */
const LOOK: Step = ['mkdir', str('/'), 0];

test('setuid and setgid: the user by name, and what the process is afterwards', async () => {
  await check(
    [['setgid', 65534], LOOK, ['setuid', 65534], LOOK, ['setuid', 0], ['setgid', 0]],
    [
      { 'evt.arg.gid': 'nogroup', 'evt.res': 'SUCCESS', 'evt.category': 'user' },
      { 'group.gid': 65534, 'user.uid': 0 },
      { 'evt.arg.uid': 'nobody', 'evt.res': 'SUCCESS' },
      { 'group.gid': 65534, 'user.uid': 65534, 'user.name': 'nobody', 'thread.cap_effective': '' },
      { 'evt.arg.uid': 'root', 'evt.res': 'EPERM', 'user.uid': 65534 },
      { 'evt.arg.gid': 'root', 'evt.res': 'EPERM', 'group.gid': 65534 },
    ],
  );
});

test('setresuid: three ids, and those left alone', async () => {
  await check(
    [['setresuid', 0, 65534, 0], LOOK, ['setresuid', -1, 0, -1], LOOK, ['setuid', 4321], LOOK],
    [
      { 'evt.arg.ruid': 'root', 'evt.arg.euid': 'nobody', 'evt.arg.suid': 'root' },
      { 'user.uid': 65534 },
      { 'evt.arg.euid': 'root' },
      { 'user.uid': 0 },
      { 'evt.arg.uid': '<NA>' }, // nobody of that number
      { 'user.uid': 4321, 'user.name': '<NA>' },
    ],
  );
});

test('ptrace: request and process', async () => {
  const target = startAct([['@wait']]);
  const { pid } = await target.place();
  await check(
    [
      ['ptrace', 0x4206, pid, 0, 0],
      ['ptrace', 0x4207, pid, 0, 0],
      ['ptrace', 4, pid, 0x1000, 0x2a],
      ['ptrace', 16, 0x3fffff, 0, 0],
    ],
    [
      { 'evt.arg.request': 'PTRACE_SEIZE', 'evt.rawarg.pid': pid, 'evt.res': 'SUCCESS', 'evt.category': 'process' },
      { 'evt.arg.request': 'PTRACE_INTERRUPT', 'evt.rawarg.pid': pid },
      { 'evt.arg.request': 'PTRACE_POKETEXT', 'evt.rawarg.pid': pid, 'evt.arg.addr': '1000', 'evt.arg.data': '2A' },
      { 'evt.arg.request': 'PTRACE_ATTACH', 'evt.res': 'ESRCH' },
    ],
  );
  target.goOn();
  await target.end();
});

// By itself: whoever is traced by a parent that does not care stops for good at its next signal, such as a SIGCHLD of its own tracee.
test('ptrace: to be traced', async () => {
  await check([['ptrace', 0, 0, 0, 0]], [{ 'evt.arg.request': 'PTRACE_TRACEME', 'evt.res': 'SUCCESS' }]);
});

const NAMED: readonly (readonly [string, ...(readonly (string | number)[])])[] = [
  ['kexec_load', 0, 0, 0, -1],
  ['perf_event_open', 0, 0, -1, -1, -1],
  ['pivot_root', str('/nonexistent'), str('/nonexistent')],
  ['keyctl', -1, 0],
];

/** Signals to a process that only waits: nothing is sent by signal 0, and 23 (SIGURG) is ignored. */
function signalSteps(pid: number, way = ''): readonly Step[] {
  return [
    [`${way}kill`, pid, 0],
    [`${way}kill`, pid, 23],
    [`${way}tkill`, pid, 23],
    [`${way}tgkill`, pid, pid, 23],
    [`${way}kill`, 0x3fffff, 9],
    [`${way}kill`, pid, 34 + 64],
    [`${way}setpgid`, 0, 0],
    [`${way}setpgid`, 0x3fffff, 5],
  ];
}

const SIGNALLED = (pid: number): readonly ExpectedFields[] => [
  { 'evt.type': 'kill', 'evt.rawarg.pid': pid, 'evt.arg.sig': '0', 'evt.rawarg.sig': 0, 'evt.res': 'SUCCESS' },
  { 'evt.rawarg.pid': pid, 'evt.arg.sig': 'SIGURG', 'evt.rawarg.sig': 23, 'evt.category': 'other' },
  { 'evt.type': 'tkill', 'evt.rawarg.tid': pid, 'evt.arg.sig': 'SIGURG', 'evt.res': 'SUCCESS' },
  { 'evt.type': 'tgkill', 'evt.rawarg.pid': pid, 'evt.rawarg.tid': pid, 'evt.arg.sig': 'SIGURG' },
  { 'evt.type': 'kill', 'evt.arg.sig': 'SIGKILL', 'evt.rawarg.pid': 0x3fffff, 'evt.res': 'ESRCH' },
  { 'evt.type': 'kill', 'evt.arg.sig': '98', 'evt.res': 'EINVAL' },
  { 'evt.type': 'setpgid', 'evt.rawarg.pid': 0, 'evt.rawarg.pgid': 0, 'evt.category': 'process' },
  { 'evt.type': 'setpgid', 'evt.rawarg.pid': 0x3fffff, 'evt.rawarg.pgid': 5, 'evt.res': 'ESRCH' },
];

for (const way of ['', 'int80:']) {
  test(`signals and process groups${way && ', by int 0x80'}: whom, and which`, async () => {
    const target = startAct([['@wait']]);
    const { pid } = await target.place();
    await check(signalSteps(pid, way), SIGNALLED(pid));
    target.goOn();
    await target.end();
  });

  test(`calls of which the name is reported${way && ', by int 0x80'}`, async () => {
    const steps = NAMED.map(([name, ...passed]): Step => [`${way}${name}`, ...passed]);
    const expected = NAMED.map(([name]) => ({ 'evt.type': name, 'evt.args': '' }));
    await check([...steps, [`${way}setsid`]], [...expected, { 'evt.type': 'setsid', 'evt.category': 'process' }]);
  });
}

test('kexec_file_load: refused, and seen', async () => {
  await check([['kexec_file_load', -1, -1, 0, str(''), 0]], [{ 'evt.type': 'kexec_file_load' }]);
});

test('unshare: the namespaces; in a new user namespace a process has all capabilities', async () => {
  const observed = await check(
    [
      ['unshare', CLONE_NEWNS | CLONE_NEWUTS],
      ['unshare', 0],
      ['setuid', 4321],
      ['unshare', CLONE_NEWUSER | CLONE_NEWNET],
      LOOK,
    ],
    [
      { 'evt.arg.flags': 'CLONE_NEWNS|CLONE_NEWUTS', 'evt.res': 'SUCCESS' },
      { 'evt.arg.flags': '0' },
      {},
      { 'evt.arg.flags': 'CLONE_NEWNET|CLONE_NEWUSER', 'evt.res': 'SUCCESS' },
      { 'user.uid': 4321 },
    ],
  );
  const last = observed.at(-1)?.alert ?? assert.fail();
  assert.match(String(last.output_fields['thread.cap_effective']), /CAP_SYS_ADMIN.*CAP_CHECKPOINT_RESTORE/);
});

test('init_module: refused, and seen', async () => {
  const steps: readonly Step[] = [['init_module', str('no module'), 9, str('debug=1')]];
  await check(steps, [{ 'evt.res': NO_MODULE, 'evt.arg.length': '9', 'evt.arg.uargs': 'debug=1' }]);
});

for (const [name, step, flags] of [
  ['fork', ['fork'], '0'],
  ['vfork', ['vfork'], null],
  ['clone', ['clone', CLONE_NEWUTS | SIGCHLD], 'CLONE_NEWUTS'],
  ['clone3', ['clone3', `clone3:${CLONE_NEWUTS},${SIGCHLD},0`, 'len'], 'CLONE_NEWUTS'],
] as const) {
  test(`${name}: an event of the parent, one of the child`, async () => {
    const [observed] = await check([step], [{ 'proc.name': 'act' }]);
    const { call, alert } = observed ?? assert.fail();
    assert.ok(call.result > 0);
    assertFields(alert, {
      'evt.res': 'SUCCESS',
      'evt.category': 'process',
      'proc.pid': call.pid,
      'evt.arg.exe': actProgram(),
      ...(flags === null ? {} : { 'evt.arg.flags': flags }),
    });
    const child = await agent.only(PROCESS.name, {
      'evt.type': name,
      'proc.vpid': BigInt(call.result),
      'evt.rawres': 0n,
    });
    assertFields(child, {
      'proc.ppid': call.pid,
      'proc.pname': 'act',
      'thread.tid': call.result,
      'thread.ismain': true,
      'proc.name': 'act',
    });
  });
}

test('calls of that family that fail', async () => {
  await check(
    [
      ['clone', CLONE_NEWNS | 0x200 | SIGCHLD],
      ['clone3', 'clone3:0,17,0', 1],
    ],
    [{ 'evt.res': 'EINVAL', 'evt.arg.flags': 'CLONE_FS|CLONE_NEWNS' }, { 'evt.res': 'EINVAL' }],
  );
});

test('in a container: the numbers of both sides', async () => {
  const container = new Container({ capabilities: ['CAP_SETUID', 'CAP_SYS_ADMIN'] });
  try {
    const calls = await container.act([
      ['clone', CLONE_NEWPID | CLONE_NEWUTS | SIGCHLD],
      ['fork'],
      ['setuid', 1234],
      LOOK,
    ]);
    const events = await agent.of(PROCESS, calls);
    for (const [index, alert] of events.entries()) {
      assertFields(alert, {
        'container.id': container.shortId,
        'evt.rawres': calls[index]?.result ?? 0,
        'proc.vpid': calls[index]?.pid ?? 0,
      });
    }
    const [cloned, forked, changed, look] = events;
    assertFields(cloned ?? assert.fail(), { 'evt.arg.flags': 'CLONE_NEWPID|CLONE_NEWUTS' });
    const { result } = callOf(calls, 'fork');
    const child = await agent.only(PROCESS.name, {
      'evt.type': 'fork',
      'evt.rawres': 0n,
      'proc.vpid': BigInt(result),
      'container.id': container.shortId,
    });
    assertFields(child, {
      'proc.ppid': (forked ?? assert.fail()).output_fields['proc.pid'] ?? null,
      'proc.pvpid': callOf(calls, 'fork').pid,
    });
    const inner = await agent.only(PROCESS.name, {
      'evt.type': 'clone',
      'evt.rawres': 0n,
      'container.id': container.shortId,
    });
    assertFields(inner, { 'proc.vpid': 1 }); // the first of its pid namespace
    assertFields(changed ?? assert.fail(), { 'evt.res': 'SUCCESS' });
    assertFields(look ?? assert.fail(), { 'user.uid': 1234, ...(IN_ROOT_PIDS ? { 'user.name': 'guest' } : {}) });
  } finally {
    container.stop();
  }
});
