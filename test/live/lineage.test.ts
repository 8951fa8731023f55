// Where a process comes from: chains, orphans, numbers that are given again, threads, and processes older than the agent.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { DIRECTORIES, directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import {
  act,
  actProgram,
  type Call,
  callOf,
  copyAct,
  type RunningAct,
  type Step,
  startAct,
  str,
} from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { probe } from '../support/live/probe.ts';
import { widened } from '../support/live/time-factor.ts';
import { until } from '../support/until.ts';

const DEPTH = 20;
const LOOK: Step = ['mkdir', str('/'), 0];
const OWN_NAME = readFileSync('/proc/self/comm', 'utf8').trim();

const directory = directoryForTests();

const LINEAGE = probe(
  ['mkdir', 'execve'],
  [
    ...[
      'proc.name',
      'proc.exepath',
      'proc.cmdline',
      'proc.args',
      'proc.cwd',
      'proc.env[COLOUR]',
      'proc.exe',
      'user.uid',
    ],
    ...[
      'proc.ppid',
      'proc.pname',
      'proc.pexepath',
      'proc.pcmdline',
      'proc.aname',
      'proc.acmdline[1]',
      'proc.aexepath[1]',
    ],
    ...[
      'proc.sname',
      'proc.sid',
      'proc.duration',
      'proc.pid.ts',
      'thread.ismain',
      'proc.is_exe_upper_layer',
      'proc.exe_ino',
    ],
    ...Array.from({ length: DEPTH + 4 }, (_, index) => `proc.aname[${index}]`),
    ...Array.from({ length: DEPTH + 4 }, (_, index) => `proc.apid[${index}]`),
  ],
  `(proc.exepath startswith ${DIRECTORIES} or proc.name = act)`,
);

/** An ancestor anywhere up the chain, as rules ask for it. */
const ANY_ANCESTOR = `
- rule: below first
  desc: an ancestor by name, however far up
  condition: evt.type = mkdir and proc.aname = link-0 and proc.aexepath endswith /link-1 and not proc.aname = link-19
  output: '%proc.name %proc.vpid'
  priority: DEBUG
`;

const DEEP = `
- rule: below deep
  desc: the beginning of a long chain
  condition: evt.type = mkdir and proc.name = act and proc.aname = deep-first
  output: '%proc.name %proc.vpid %proc.aname[1]'
  priority: DEBUG
`;

let older: Awaited<ReturnType<typeof startOlder>>;
before(async () => {
  older = await startOlder();
});
const agent = LiveAgent.forTests([LINEAGE.rule, ANY_ANCESTOR, DEEP], { ruleMatching: 'all' });
after(() => {
  older.container.stop();
});

/** Processes from before the agent's start: a chain on the host, and one in a container. */
async function startOlder() {
  const elder = copyAct(directory, 'elder');
  const younger = copyAct(directory, 'younger');
  const container = new Container();
  const running = startAct([['@fork'], ['@exec', younger, 'younger'], ['@wait'], LOOK], {
    program: elder,
    cwd: directory,
    env: { COLOUR: 'old' },
    argv0: 'elder',
  });
  const place = await running.place();
  const inside: RunningAct = container.startAct([['@fork'], ['@wait'], LOOK], { cwd: '/tmp' });
  const insidePlace = await inside.place();
  return { running, place, container, inside, insidePlace, elder, younger };
}

/** One that no process has, and that the kernel will not come to by itself soon: it gives them in turn. */
function freeProcessNumber(): number {
  const end = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
  const latest = Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[4]);
  let number = (latest + end / 2) % end;
  while (number < 300 || existsSync(`/proc/${Math.floor(number)}`)) number = (number + 1) % end;
  return Math.floor(number);
}

async function lookOf(calls: readonly Call[]): Promise<{ call: Call; alert: AlertLine }> {
  const [alert] = await agent.of({ ...LINEAGE, types: ['mkdir'] }, calls);
  return { call: callOf(calls, 'mkdir'), alert: alert ?? assert.fail() };
}

test('a chain of 20, each its own program: every ancestor by name and number', async () => {
  const steps: Step[] = [];
  for (let index = 0; index < DEPTH; index++) {
    steps.push(['@fork'], ['@exec', copyAct(directory, `link-${index}`), `link-${index}`], ['close', 1000 + index]);
  }
  const calls = await act([...steps, LOOK]);
  const { call, alert } = await lookOf(calls);
  const expected: Record<string, string | number> = { 'proc.name': `link-${DEPTH - 1}`, 'proc.pid': call.pid };
  const pids = calls.filter((each) => each.call === 'close').map((each) => each.pid);
  for (let index = 0; index < DEPTH; index++) {
    expected[`proc.aname[${index}]`] = `link-${DEPTH - 1 - index}`;
    expected[`proc.apid[${index}]`] = pids[DEPTH - 1 - index] ?? 0;
  }
  expected[`proc.aname[${DEPTH}]`] = 'act';
  expected[`proc.aname[${DEPTH + 1}]`] = OWN_NAME;
  expected[`proc.apid[${DEPTH + 1}]`] = process.pid;
  assertFields(alert, expected);
  const names = String(alert.output_fields['proc.aname']).split(' ');
  assert.deepEqual(names.slice(0, 3), ['link-18', 'link-17', 'link-16']);
  await agent.only('below first', { 'proc.vpid': BigInt(call.pid) });
});

test('a double fork: the grandparent is known though the parent is gone', async () => {
  const origin = copyAct(directory, 'origin');
  const orphan = copyAct(directory, 'orphan');
  const running = startAct([['close', 77], ['@fork'], ['@orphan'], ['@exec', orphan, 'orphan'], ['@wait'], LOOK], {
    program: origin,
  });
  const place = await running.place();
  assert.notEqual(place.ppid, running.process.pid);
  running.goOn();
  const calls = await running.end();
  const { alert } = await lookOf(calls);
  assertFields(alert, {
    'proc.name': 'orphan',
    'proc.aname[1]': 'origin', // the process that is gone
    'proc.aname[2]': 'origin',
    'proc.apid[2]': callOf(calls, 'close').pid,
    'proc.aname[3]': OWN_NAME,
    'proc.apid[3]': process.pid,
  });
});

test('an orphan of orphans: a chain of parents that are all gone', async () => {
  const first = copyAct(directory, 'gone-1');
  const second = copyAct(directory, 'gone-2');
  const last = copyAct(directory, 'last');
  const calls = await act(
    [['@orphan'], ['@exec', second, 'gone-2'], ['@orphan'], ['@exec', last, 'last'], ['@orphan'], LOOK],
    {
      program: first,
    },
  );
  const { alert } = await lookOf(calls);
  assertFields(alert, {
    'proc.name': 'last',
    'proc.aname[1]': 'last',
    'proc.aname[2]': 'gone-2',
    'proc.aname[3]': 'gone-1',
    'proc.aname[4]': OWN_NAME,
  });
});

test('a process number that is given again', async () => {
  const [first, second, child] = ['first', 'second', 'child'].map((name) => copyAct(directory, name));
  assert.ok(first && second && child);
  const number = freeProcessNumber();
  const survivor = startAct([
    ['@fork', number],
    ['@exec', first, 'first'],
    LOOK,
    ['@orphan'],
    ['@exec', child, 'child'],
    ['@wait'],
    LOOK,
  ]);
  await survivor.place();
  // The number is free once its last process has been waited for.
  await until(() => !existsSync(`/proc/${number}`));
  await act([['@fork', number], ['@exec', second, 'second'], LOOK]);
  survivor.goOn();
  await survivor.end();
  const lookOf = (name: string) => agent.only(LINEAGE.name, { 'evt.type': 'mkdir', 'proc.name': name });
  const numbered = { 'proc.pid': number, 'proc.aname[1]': 'act', 'proc.aname[2]': OWN_NAME };
  assertFields(await lookOf('first'), numbered);
  assertFields(await lookOf('second'), numbered);
  // Its parent's number belonged to another process by then.
  assertFields(await lookOf('child'), { 'proc.aname[1]': 'first', 'proc.apid[1]': number, 'proc.aname[2]': 'act' });
});

test('a chain of 1,200 forks: the rules know its beginning', async () => {
  const first = copyAct(directory, 'deep-first');
  const calls = await act(
    [['@fork'], ['@exec', actProgram(), 'act'], ...Array.from({ length: 1_200 }, (): Step => ['@orphan']), LOOK],
    { program: first },
  );
  const alert = await agent.only('below deep', { 'proc.vpid': BigInt(callOf(calls, 'mkdir').pid) });
  assertFields(alert, { 'proc.name': 'act', 'proc.aname[1]': 'act' });
});

test('a child that is given to the parent of the process that forks it', async () => {
  const calls = await act([
    ['@fork'],
    ['@exec', copyAct(directory, 'forker'), 'forker'],
    ['close', 77],
    ['@sibling'],
    LOOK,
  ]);
  const { alert } = await lookOf(calls);
  assertFields(alert, {
    'proc.name': 'forker',
    'proc.aname[1]': 'forker',
    'proc.apid[1]': callOf(calls, 'close').pid,
    'proc.aname[2]': 'act',
    'proc.aname[3]': OWN_NAME,
  });
});

test('an orphan whose thread calls execve: its ancestors are those it was forked from', async () => {
  const first = copyAct(directory, 'leaving');
  const second = copyAct(directory, 'adopted');
  const calls = await act([['close', 77], ['@orphan'], ['@thread'], ['@exec', second, 'adopted'], LOOK], {
    program: first,
  });
  const { alert } = await lookOf(calls);
  assertFields(alert, {
    'proc.name': 'adopted',
    'proc.aname[1]': 'leaving',
    'proc.apid[1]': callOf(calls, 'close').pid,
    'proc.aname[2]': OWN_NAME,
  });
});

test('threads: the process is its own, the thread that did it is named', async () => {
  const calls = await act([['@thread'], LOOK, ['@thread'], LOOK]);
  const events = await agent.of({ ...LINEAGE, types: ['mkdir'] }, calls);
  for (const [index, alert] of events.entries()) {
    assertFields(alert, {
      'proc.pid': calls[index]?.pid ?? 0,
      'thread.tid': calls[index]?.tid ?? 0,
      'thread.ismain': false,
      'proc.name': 'act',
      'proc.ppid': process.pid,
    });
  }
});

test('a thread that calls execve: the process goes on under its own number', async () => {
  const program = copyAct(directory, 'by-thread');
  const calls = await act([['@thread'], ['@exec', program, 'by-thread'], LOOK]);
  const { call, alert } = await lookOf(calls);
  assert.equal(call.pid, call.tid);
  assertFields(alert, {
    'proc.pid': call.pid,
    'thread.tid': call.tid,
    'thread.ismain': true,
    'proc.name': 'by-thread',
    'proc.ppid': process.pid,
  });
});

test('a child forked by a thread has the process as its parent', async () => {
  const calls = await act([['close', 77], ['@thread'], ['@fork'], LOOK]);
  const { alert } = await lookOf(calls);
  assertFields(alert, { 'proc.ppid': callOf(calls, 'close').pid, 'proc.pname': 'act' });
});

test('a process older than the agent: ancestors, arguments, executable, environment, directory', async () => {
  older.running.goOn();
  const calls = await older.running.end();
  const { call, alert } = await lookOf(calls);
  assertFields(alert, {
    'proc.pid': older.place.pid,
    'proc.name': 'younger',
    'proc.exepath': older.younger,
    'proc.exe': 'younger',
    'proc.args': `@wait -- mkdir ${str('/')} 0`,
    'proc.cwd': `${directory}/`,
    'proc.env[COLOUR]': 'old',
    'proc.pname': 'elder',
    'proc.ppid': older.place.ppid,
    'proc.pexepath': older.elder,
    'proc.acmdline[1]': `elder @fork -- @exec ${older.younger} younger -- @wait -- mkdir ${str('/')} 0`,
    'proc.aname[2]': OWN_NAME,
    'proc.apid[2]': process.pid,
    'proc.sid': older.place.sid,
    'user.uid': 0,
    'container.id': 'host',
  });
  const age = BigInt(String(alert.output_fields['proc.duration']));
  const atLeast = call.before - older.place.after;
  assert.ok(
    age > atLeast && age < atLeast + widened(10_000_000_000n),
    `age ${age} ns, not a little more than ${atLeast}`,
  );
});

test('a process older than the agent, in a container', async () => {
  older.inside.goOn();
  const calls = await older.inside.end();
  const { alert } = await lookOf(calls);
  assertFields(alert, {
    'container.id': older.container.shortId,
    'proc.vpid': older.insidePlace.pid,
    'proc.name': 'act',
    'proc.exepath': '/usr/bin/act',
    'proc.cwd': '/tmp/',
    'proc.pname': 'act',
  });
});

test('what was read of older processes agrees with /proc', async () => {
  const running = startAct([['@wait'], LOOK], { program: actProgram() });
  const place = await running.place();
  running.goOn();
  const { alert } = await lookOf(await running.end());
  // A leader outside of this pid namespace has no number here.
  if (place.sid > 0) {
    assertFields(alert, {
      'proc.sid': place.sid,
      'proc.sname': readFileSync(`/proc/${place.sid}/comm`, 'utf8').trim(),
    });
  }
  // Number by number, up to the first process of the machine, which a sandbox may hide.
  let pid = process.pid;
  for (let index = 1; index <= DEPTH && pid > 1; index++) {
    assertFields(alert, {
      [`proc.apid[${index}]`]: pid,
      [`proc.aname[${index}]`]: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(),
    });
    pid = Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/.*\) \S /, '')
        .split(' ')[0],
    );
  }
});
