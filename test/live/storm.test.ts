// Nothing is lost silently: under load that no test machine keeps up with, produced = evaluated + filtered + dropped, on every CPU.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { release } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { findEventType } from '../../host/schema/events/index.ts';
import { CPUS } from '../support/live/cpus.ts';
import { act, callOf, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O, SIGCHLD } from '../support/live/live-numbers.ts';
import {
  assertBalanced,
  assertCounted,
  countsOf,
  MARK,
  OPENS,
  openStorm,
  sum,
  TURNS,
} from '../support/live/open-storm.ts';
import { probe } from '../support/live/probe.ts';
import { TIME_FACTOR } from '../support/live/time-factor.ts';
import { cProgram } from '../support/programs/c-program.ts';

const PROCESSES = probe(
  ['execve', 'clone', 'fork', 'vfork'],
  ['proc.args', 'proc.name', 'proc.aname'],
  'proc.args endswith storm-leaf',
);

for (const kernelFilter of [true, false]) {
  const how = kernelFilter ? 'evaluated, filtered in the kernel' : 'evaluated';
  test(`opens on all CPUs at once: each is ${how} or counted as dropped`, async (t) => {
    const agent = await LiveAgent.start([OPENS.rule], { kernelFilter });
    t.after(() => agent.stop());
    const loops = await openStorm();
    for (const loop of loops) assert.equal(loop.result, 3 * TURNS);
    for (const loop of loops) assert.equal(loop.failures, TURNS); // umount2
    await act([['openat', AT_FDCWD, str(MARK), O.RDONLY]]);
    await agent.settledOnAllCpus();
    await agent.only(OPENS.name, { 'proc.name': 'act' });
    await agent.stop();
    const { capture } = agent.counters;
    assertBalanced(capture);
    assertCounted(capture, 'umount2', TURNS * CPUS.length);
    assert.ok(sum(capture.produced) >= 2 * TURNS * CPUS.length, `${capture.produced} of ${2 * TURNS} on each CPU`);
    const opens = capture.filtered[findEventType('openat')?.number ?? 0] ?? 0;
    if (kernelFilter) assert.ok(opens >= TURNS * CPUS.length, `${opens} opens were filtered`);
    else assert.equal(sum(capture.filtered), 0);
  });
}

test('more processes than processors: none is missed while a program is preempted for another', async (t) => {
  // The clock preempts: on a machine that is as much slower, so many fewer take as long.
  const [times, crowd] = [10_000 / TIME_FACTOR, 6];
  const agent = await LiveAgent.start([OPENS.rule], { kernelFilter: false });
  t.after(() => agent.stop());
  const loops = CPUS.flatMap((cpu) =>
    Array.from({ length: crowd }, () =>
      act([
        ['@cpu', cpu],
        ['@loop', times],
        ['umount2', str('/nonexistent/storm'), 0],
      ]),
    ),
  );
  for (const loop of (await Promise.all(loops)).flat()) assert.equal(loop.failures, times);
  await agent.settled();
  await agent.stop();
  const { capture } = agent.counters;
  assertBalanced(capture);
  assertCounted(capture, 'umount2', times * crowd * CPUS.length);
});

test('calls that preempt an access to a BPF map by bpf(2): seen, or from Linux 7.0 on counted as missed', async (t) => {
  const times = TIME_FACTOR > 1 ? 60 : 300;
  const program = cProgram(join(import.meta.dirname, '../support/programs/map-access.c'));
  const agent = await LiveAgent.start([OPENS.rule], { kernelFilter: false });
  t.after(() => agent.stop());
  for (const cpu of CPUS) {
    const { stdout } = await promisify(execFile)(program, [String(cpu), String(times)]);
    assert.ok(Number(stdout) > times / 4, `the one that accesses the map was preempted ${stdout} times`);
  }
  await agent.settledOnAllCpus();
  await agent.stop();
  const { capture } = agent.counters;
  assertBalanced(capture);
  const calls = times * CPUS.length;
  if (Number.parseInt(release(), 10) < 7) return assertCounted(capture, 'umount2', calls);
  const seen = sum(countsOf(capture, 'umount2'));
  assert.ok(seen < calls, 'no call met such an access');
  // Each that was missed, and the end of the sleep before it.
  assert.ok(capture.missedRuns >= 2 * (calls - seen), `${seen} seen, ${capture.missedRuns} missed of ${calls}`);
});

test('a bounded fork bomb: every leaf is seen, with its ancestors', async (t) => {
  const depth = TIME_FACTOR > 1 ? 6 : 8;
  const leaves = 2 ** depth;
  const agent = await LiveAgent.start([PROCESSES.rule]);
  t.after(() => agent.stop());
  const bomb = `f() { if [ $1 -gt 0 ]; then f $(($1 - 1)) & f $(($1 - 1)) & wait; else /bin/true storm-leaf; fi; }; f ${depth}`;
  await act([['@fork'], ['execve', str('/bin/sh'), `list:sh,-c,${bomb}`, 'null']]);
  await agent.settled();
  await agent.stop();
  const { capture } = agent.counters;
  assertBalanced(capture);
  assert.equal(sum(capture.dropped), 0, 'a few hundred processes overflowed the rings');
  assert.equal(capture.imagesLost, 0);
  const seen = agent.alerts(PROCESSES.name, { 'evt.type': 'execve', 'evt.rawres': 0n });
  assert.equal(seen.length, leaves);
  for (const { output_fields: fields } of seen) {
    const ancestors = String(fields['proc.aname']).split(' ');
    const shells = ancestors.findIndex((name) => name !== 'sh' && name !== 'dash');
    assert.ok(shells >= depth, `only ${shells} shells above a leaf that has ${depth}: ${ancestors}`);
    assert.equal(ancestors[shells], 'act');
  }
});

test('processes that come and go on all CPUs: none is taken for another', async (t) => {
  const times = 5_000 / TIME_FACTOR;
  const agent = await LiveAgent.start([PROCESSES.rule]);
  t.after(() => agent.stop());
  const loops = await Promise.all(
    CPUS.map((cpu) =>
      act([
        ['@cpu', cpu],
        ['@loop', times],
        ['clone', SIGCHLD],
      ]),
    ),
  );
  for (const calls of loops) assert.equal(callOf(calls, '@loop').failures, 0);
  await act([['execve', str('/bin/true'), 'list:true,storm-leaf', 'null']]);
  const alert = await agent.only(PROCESSES.name, { 'evt.type': 'execve' });
  assert.match(String(alert.output_fields['proc.aname']), /^(node|MainThread)/);
  await agent.stop();
  const { capture } = agent.counters;
  assertBalanced(capture);
  // Each clone is an event of its parent, and one of its child.
  assert.ok(sum(capture.produced) >= 2 * times * CPUS.length, `${capture.produced}`);
  // What finds no room is made up for when it is needed, on a slow machine too.
  assert.equal(capture.unknownImages, 0, `${capture.imagesLost} images were lost`);
});
