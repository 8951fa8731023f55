// What a process has besides its identity: memory, page faults, threads, open descriptors, its user's account; numbers of threads
// in a pid namespace.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { CAPABILITIES } from '../../host/schema/flags.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, actProgram, actWords, callOf, type Step, startAct } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { IN_ROOT_PIDS } from '../support/live/live-kernel.ts';
import { probe } from '../support/live/probe.ts';

const FIELDS = probe(
  ['unlink'],
  [
    ...['evt.num', 'evt.dir', 'evt.count', 'evt.source'],
    ...['proc.vmsize', 'proc.vmrss', 'proc.vmswap', 'proc.nthreads', 'proc.nchilds', 'thread.vmsize', 'thread.vmrss'],
    ...['thread.pfmajor', 'thread.pfminor', 'thread.vtid', 'thread.cgroup.cpu', 'thread.cgroup.none'],
    ...['proc.fdopencount', 'proc.fdlimit', 'proc.fdusage', 'fd.types', 'fd.types[0]', 'fd.types[77]'],
    ...['proc.stdin.type', 'proc.stdin.name', 'proc.stdout.type', 'proc.stdout.name', 'proc.stderr.type'],
    ...['user.homedir', 'user.shell', 'user.loginuid', 'user.loginname', 'evt.args', 'thread.cap_permitted'],
    ...['proc.pcmdline', 'proc.aexe[1]', 'proc.pid.ts', 'proc.exe_ino.ctime', 'proc.exe_ino.ctime_duration_proc_start'],
  ],
);

/** The account of root on this machine. */
const [, HOME, SHELL] = /^root:[^:]*:0:0:[^:]*:([^:]*):(.*)$/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];

const CONDITIONS = `
- rule: account of root
  desc: home and shell are in the process image, by the passwd of the host
  condition: >
    evt.type = unlink and evt.arg.path = /nonexistent/wasprey-account
    and user.homedir = "${HOME}" and user.shell = "${SHELL}" and not user.shell = "${SHELL}x"
  output: '%proc.vpid'
  priority: DEBUG
- rule: account of guest
  desc: and by that of a container
  condition: evt.type = unlink and user.homedir = / and user.shell = /bin/sh and user.name = guest
  output: '%proc.vpid'
  priority: DEBUG
- rule: no account
  desc: a user without a line of passwd has neither
  condition: evt.type = unlink and not user.homedir exists and not user.shell exists and user.uid = 4321
  output: '%proc.vpid'
  priority: DEBUG
- rule: memory and numbers
  desc: what output shows, conditions can read
  condition: >
    evt.type = unlink and evt.arg.path = /nonexistent/wasprey-conditions and proc.vmsize > 500 and thread.pfminor > 0
    and thread.vtid = val(proc.vpid) and thread.vmsize = val(proc.vmsize) and evt.dir = < and evt.num >= 1 and not evt.num = 0
  output: '%proc.vpid'
  priority: DEBUG
`;

const agent = LiveAgent.forTests([FIELDS.rule, CONDITIONS], { ruleMatching: 'all' });

test('memory and faults are those of the last exec', async () => {
  const running = startAct([['@wait'], ['unlink', 's:/nonexistent/wasprey']]);
  const place = await running.place();
  const status = readFileSync(`/proc/${place.pid}/status`, 'utf8');
  running.goOn();
  const calls = await running.end();
  const [alert] = await agent.of(FIELDS, calls);
  assert.ok(alert);
  const field = (name: string) => Number(alert.output_fields[name]);
  const now = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  // It has grown since, but not by much.
  for (const [name, size] of [
    ['proc.vmsize', now('VmSize')],
    ['proc.vmrss', now('VmRSS')],
  ] as const) {
    assert.ok(field(name) <= size && field(name) >= 0, `${name} is ${field(name)} kB, ${size} kB later`);
  }
  assert.ok(field('proc.vmsize') > 500, 'a program takes more than that');
  assertFields(alert, {
    'evt.dir': '<',
    'evt.count': 1,
    'evt.source': 'syscall',
    'proc.vmswap': 0,
    'thread.vmsize': field('proc.vmsize'),
    'thread.vmrss': field('proc.vmrss'),
    'thread.pfmajor': field('thread.pfmajor'),
    'thread.vtid': place.pid,
    'thread.cgroup.none': null,
  });
  assert.ok(field('evt.num') >= 1);
  assert.ok(field('thread.pfminor') > 0, 'a fork copies pages');
  assert.equal(typeof alert.output_fields['thread.cgroup.cpu'], 'string');
});

test('parent, login, capabilities and age of the executable', async () => {
  const path = '/nonexistent/of a child';
  const steps: Step[] = [['@fork'], ['unlink', `s:${path}`]];
  const [alert] = await agent.of(FIELDS, await act(steps));
  assert.ok(alert);
  const own = readFileSync('/proc/self/status', 'latin1');
  const permitted = BigInt(`0x${/^CapPrm:\s*(\w+)/m.exec(own)?.[1]}`);
  const login = readFileSync('/proc/self/loginuid', 'latin1');
  const [, loginName = '<NA>'] =
    new RegExp(`^([^:]+):[^:]*:${login}:`, 'm').exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  const started = BigInt(String(alert.output_fields['proc.pid.ts']));
  const changed = statSync(actProgram(), { bigint: true }).ctimeNs;
  assertFields(alert, {
    'evt.args': `res=-2(ENOENT) path=${path}`,
    'proc.pcmdline': ['act', ...actWords(steps)].join(' '),
    'proc.aexe[1]': actProgram(),
    'user.loginuid': Number(login) === 0xffffffff ? -1 : Number(login),
    'user.loginname': loginName,
    'thread.cap_permitted': CAPABILITIES.filter((_, bit) => (permitted >> BigInt(bit)) & 1n).join(' '),
    'proc.exe_ino.ctime': changed,
    'proc.exe_ino.ctime_duration_proc_start': started - changed,
  });
});

test('what a process has open, and its threads, are reported while it runs', async () => {
  const running = startAct([['unlink', 's:/nonexistent/wasprey'], ['@wait']]);
  const place = await running.place();
  await agent.settled();
  const count = readdirSync(`/proc/${place.pid}/fd`).length;
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${place.pid}/limits`, 'utf8'))?.[1]);
  running.goOn();
  const calls = await running.end();
  const [alert] = await agent.of(FIELDS, calls);
  assert.ok(alert);
  assertFields(alert, {
    'proc.nthreads': 1,
    'proc.nchilds': 0,
    'proc.fdopencount': count,
    'proc.fdlimit': limit,
    'fd.types[77]': null,
    'proc.stdout.type': 'unix',
    'proc.stderr.type': 'unix',
    'user.homedir': HOME ?? null,
    'user.shell': SHELL ?? null,
  });
});

test('a thread has the number of its own namespace', async () => {
  const container = new Container();
  try {
    const running = container.startAct([
      ['unlink', 's:/nonexistent/main'],
      ['@thread'],
      ['unlink', 's:/nonexistent/thread'],
      ['@wait'],
    ]);
    await running.place();
    await agent.settled(); // a thread that has ended is in no file
    const calls = await running.end();
    const [main, thread] = await agent.of(FIELDS, calls);
    assert.ok(main && thread);
    const numbers = calls.filter(({ call }) => call === 'unlink').map(({ tid }) => tid);
    assertFields(main, { 'thread.vtid': numbers[0] ?? null, 'thread.ismain': true });
    // Known from /proc, where that knows the number at all.
    assertFields(thread, { 'thread.vtid': IN_ROOT_PIDS ? (numbers[1] ?? null) : null, 'thread.ismain': false });
    assertFields(thread, { 'thread.vmsize': 0, 'thread.vmrss': 0 });
  } finally {
    container.stop();
  }
});

test('conditions read them too', async () => {
  const calls = await act([['unlink', 's:/nonexistent/wasprey-conditions']]);
  const call = callOf(calls, 'unlink');
  await agent.settled();
  assert.equal(agent.alerts('memory and numbers', { 'proc.vpid': BigInt(call.pid) }).length, 1);
});

test('and home and shell of the user', async () => {
  const calls = await act([
    ['unlink', 's:/nonexistent/wasprey-account'],
    ['setuid', 4321],
    ['unlink', 's:/nonexistent/wasprey-account'],
  ]);
  const pid = BigInt(callOf(calls, 'unlink').pid);
  const [, stranger] = await agent.of(FIELDS, calls);
  assertFields(stranger ?? assert.fail(), { 'user.homedir': null, 'user.shell': null });
  await agent.only('account of root', { 'proc.vpid': pid });
  await agent.only('no account', { 'proc.vpid': pid });
});

test('which a container has in a passwd of its own', async () => {
  const container = new Container({ capabilities: ['CAP_SETUID'] });
  try {
    const calls = await container.act([
      ['unlink', 's:/nonexistent/root'],
      ['setuid', 1234],
      ['unlink', 's:/nonexistent/guest'],
    ]);
    const [root, guest] = await agent.of(FIELDS, calls);
    // Found by the number that a process has on the machine: an agent in a pid namespace of its own has no value.
    const none = { 'user.homedir': null, 'user.shell': null };
    assertFields(root ?? assert.fail(), IN_ROOT_PIDS ? { 'user.homedir': '/root', 'user.shell': '/bin/sh' } : none);
    assertFields(guest ?? assert.fail(), IN_ROOT_PIDS ? { 'user.homedir': '/', 'user.shell': '/bin/sh' } : none);
    if (IN_ROOT_PIDS) await agent.only('account of guest', { 'proc.vpid': BigInt(callOf(calls, 'unlink').pid) });
  } finally {
    container.stop();
  }
});
