// The two kinds of hooks of system calls. Every call that is captured is made with each, and both report the same events: arguments are such
// that calls fail and change nothing, but for those that make processes. With fexit, only the functions of calls that are needed are traced, and
// neither calls that seccomp refuses nor those that the kernel lacks are seen.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lackOfFexit } from '../../host/capture/hooks.ts';
import type { HooksKind } from '../../host/capture/native.ts';
import { openCapture } from '../../host/capture/open.ts';
import { type CallTable, callNumber } from '../../host/schema/events/call-numbers.ts';
import { CHANGING_CALLS } from '../../host/schema/events/changes.ts';
import { EVENT_TYPES } from '../../host/schema/events/index.ts';
import type { AlertLine } from '../support/live/alert-line.ts';
import { changeTypes } from '../support/live/change-types.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { COMPILE_ONLY } from '../support/live/live-product.ts';
import { probe } from '../support/live/probe.ts';
import { until } from '../support/until.ts';

const CALLS = probe(
  EVENT_TYPES.map(({ name }) => name),
  ['evt.is_32bit', 'evt.rawres', 'evt.args', 'fd.name', 'thread.ismain', 'proc.sid', 'proc.args'],
);
/** What calls change of their process that are no events, after them. */
const AFTER = probe(['unlinkat'], ['user.uid', 'group.gid', 'thread.cap_effective', 'proc.cwd', 'evt.arg.name']);
const [NATIVE, COMPAT]: readonly [CallTable, CallTable] =
  process.arch === 'x64' ? ['x86-64', 'i386'] : ['arm64', 'arm'];
const NAMES = EVENT_TYPES.flatMap(({ name, otherCalls = [] }) => [name, ...otherCalls]);
const NOTHING = [-1, -1, -1, -1, -1, -1];
const SIGCHLD = 17;

const lack = lackOfFexit();
/** Fails with EFAULT, unless seccomp refuses it. */
const REFUSED = 'mkdirat';
const EPERM = 1;
const ENOSYS = 38;
const DETACHING_MS = 60_000;
/** struct __user_cap_header_struct: version 3, this process. */
const CAPABILITIES = str(Uint8Array.of(0x22, 0x05, 0x08, 0x20, 0, 0, 0, 0));
/** Two of struct __user_cap_data_struct: effective and permitted is CAP_CHOWN, the first. */
const CHOWN_ALONE = str(Uint8Array.of(1, 0, 0, 0, 1, ...new Uint8Array(19)));

const known = (table: CallTable): readonly string[] => NAMES.filter((name) => callNumber(name, table) !== undefined);

function steps(): Step[] {
  const native: Step[] = known(NATIVE).map((name) => [name, ...NOTHING]);
  // act makes no 32-bit calls on arm64, and no vfork by interrupt: it would return twice through one frame of the stack.
  const once = known(COMPAT).filter((name) => name !== 'vfork');
  const compat: Step[] = NATIVE === 'x86-64' ? once.map((name) => [`int80+exact:${name}`, ...NOTHING]) : [];
  return [
    ...native,
    ...compat,
    ['clone', SIGCHLD, 0, 0, 0, 0],
    ...(NATIVE === 'x86-64' ? [['int80:clone', SIGCHLD, 0, 0, 0, 0] as const] : []),
    ['@fork'],
    ['setsid'],
    ['open_by_handle_at', ...NOTHING],
    ['@refuse', REFUSED],
    [REFUSED, ...NOTHING],
  ];
}

/** What an event says, but for the numbers of processes, which differ between runs. */
function shown({ output_fields: fields }: AlertLine): string {
  const result = Number(fields['evt.rawres']);
  const known = result > 0 && /^(v?fork|clone3?|setsid)$/.test(String(fields['evt.type'])) ? 'a process' : result;
  const isSession = fields['proc.sid'] === fields['proc.pid'];
  return [fields['evt.type'], fields['evt.is_32bit'] ? '32-bit' : 'native', known, isSession ? 'leader' : ''].join(' ');
}

async function eventsWith(hooks: HooksKind): Promise<readonly string[]> {
  const agent = await LiveAgent.start([CALLS.rule], { hooks });
  try {
    await act(steps());
    await agent.settled();
    return agent.alerts(CALLS.name).map(shown).toSorted();
  } finally {
    await agent.stop();
  }
}

/** What is in the first list more often than in the second. */
function without(events: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return events.filter((event) => {
    const at = left.indexOf(event);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Functions with a program of BPF on them: others run as if there were none. */
function tracedFunctions(): readonly string[] {
  const lines = readFileSync('/sys/kernel/tracing/enabled_functions', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[0] ?? '').filter((name) => /_sys_/.test(name));
}

/** Raw tracepoints that this process has programs on. */
function tracepoints(): readonly string[] {
  return readdirSync('/proc/self/fdinfo').flatMap((fd) => {
    try {
      return [...readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').matchAll(/^tp_name:\s*(\S+)$/gm)].map(
        ([, name = '']) => name,
      );
    } catch {
      return []; // that of readdir
    }
  });
}

/** A call that makes no event, and what is known of its process after it. */
interface Change {
  readonly before?: readonly Step[];
  readonly arguments: Step;
  readonly field: string;
  readonly value: string | bigint;
}

const ID = 1001n;
const CHANGED_BY: Readonly<Record<string, Change>> = {
  setreuid: { arguments: [-1, ID], field: 'user.uid', value: ID },
  setregid: { arguments: [-1, ID], field: 'group.gid', value: ID },
  setresgid: { arguments: [-1, ID, -1], field: 'group.gid', value: ID },
  capset: { arguments: [CAPABILITIES, CHOWN_ALONE], field: 'thread.cap_effective', value: 'CAP_CHOWN' },
  chdir: { arguments: [str('/usr')], field: 'proc.cwd', value: '/usr/' },
  fchdir: {
    before: [['openat', AT_FDCWD, str('/usr'), O.DIRECTORY]],
    arguments: ['r'],
    field: 'proc.cwd',
    value: '/usr/',
  },
  chroot: { before: [['chdir', str('/usr')]], arguments: [str('/usr')], field: 'proc.cwd', value: '/' },
};

interface ChangingCall extends Change {
  readonly name: string;
  readonly step: Step;
}

/** Each by the names that it has in a table of calls. */
function changesBy(table: CallTable, way: string): readonly ChangingCall[] {
  return CHANGING_CALLS.flatMap(({ calls: [first = '', ...others] }) =>
    [first, ...others].flatMap((name) => {
      const change = CHANGED_BY[first];
      assert.ok(change, `no test of ${first}`);
      return callNumber(name, table) === undefined
        ? []
        : [{ ...change, name: way + name, step: [way + name, ...change.arguments] }];
    }),
  );
}

const CHANGES = [...changesBy(NATIVE, ''), ...(NATIVE === 'x86-64' ? changesBy(COMPAT, 'int80+exact:') : [])];

for (const hooks of ['sys_exit', ...(lack === undefined ? (['fexit'] as const) : [])] as const) {
  test(`calls that change a process and make no event are followed, natively and as 32-bit calls: ${hooks}`, async () => {
    const agent = await LiveAgent.start([AFTER.rule], { hooks });
    try {
      for (const { before = [], step } of CHANGES) await act([...before, step, ['unlinkat', ...NOTHING]]);
      await agent.settled();
      const found = agent
        .alerts(AFTER.name)
        .map(({ output_fields: fields }, index) => [CHANGES[index]?.name, fields[CHANGES[index]?.field ?? '']]);
      assert.deepEqual(
        found,
        CHANGES.map(({ name, value }) => [name, value]),
      );
    } finally {
      await agent.stop();
    }
  });
}

if (lack !== undefined && !COMPILE_ONLY) {
  test('a kernel without fexit: asking for it is an error that says why', () => {
    assert.throws(
      () => {
        const { capture } = openCapture({ source: 'bpf', hooks: 'fexit' });
        try {
          capture.start(['unlinkat']);
        } finally {
          capture.close();
        }
      },
      (error) => error instanceof Error && error.message.startsWith(`engine.wasprey.hooks is fexit, but ${lack}`),
    );
  });
}

// Its rules are compiled for guests that have fexit (test/kernels/prime.ts).
if (lack === undefined || COMPILE_ONLY) {
  test('fexit reports the same events of every call as sys_exit, but of those that seccomp refuses or the kernel lacks', async () => {
    const bySysExit = await eventsWith('sys_exit');
    const least = known(NATIVE).length;
    assert.ok(bySysExit.length > least, `${bySysExit.length} events of ${least} calls`);
    const byFexit = await eventsWith('fexit');
    // On arm64 the kernel's way of a new process to its program does not pass sys_exit; with fexit its event is made at the fork.
    const isChild = (event: string): boolean => process.arch === 'arm64' && event === 'clone native 0 ';
    assert.deepEqual(
      without(byFexit, bySysExit).filter((event) => !isChild(event)),
      [],
    );
    const isLacking = (event: string): boolean => event.split(' ')[2] === String(-ENOSYS);
    const unseen = without(bySysExit, byFexit).filter((event) => !isLacking(event));
    // By the leader of a session, because it comes after setsid.
    assert.deepEqual(unseen, [`${REFUSED} native ${-EPERM} leader`]);
  });
}

if (lack === undefined) {
  test('with fexit only the calls that are needed are traced, and none on sys_exit', async () => {
    // The kernel may still be detaching the programs of an agent that has ended.
    await until(() => tracedFunctions().length === 0, DETACHING_MS);
    const { capture } = openCapture({ source: 'bpf', hooks: 'fexit' });
    try {
      capture.start(['unlinkat']);
      const changes = tracedFunctions();
      const called = (call: string) => changes.some((name) => name.endsWith(`_sys_${call}`));
      assert.deepEqual(['unlinkat', 'chdir', 'setsid'].filter(called), ['unlinkat', 'chdir', 'setsid']);
      assert.deepEqual(['openat', 'getppid', 'write'].filter(called), []);
      assert.ok(tracepoints().includes('sched_process_exec'));
      assert.ok(!tracepoints().includes('sys_exit'));
      await changeTypes(capture, ['openat']);
      const after = tracedFunctions();
      assert.ok(after.some((name) => name.endsWith('_sys_openat')));
      assert.ok(!after.some((name) => name.endsWith('_sys_unlinkat')));
      assert.deepEqual(capture.missing(), []);
    } finally {
      capture.close();
    }
  });
}
