// Modules and time: one that takes more than its share is set aside, and the others go on; one whose alerts are many is not. Each event is
// in a number, whatever the thread that evaluates is doing at the end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuleModule } from '../../host/agent/modules/rule-module.ts';
import { eventTotals } from '../../host/engine/counts/event-totals.ts';
import { directoryForTest } from '../support/directory.ts';
import { act, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O, SIGCHLD } from '../support/live/live-numbers.ts';
import { tamperProgram } from '../support/live/live-tamper.ts';
import { probe } from '../support/live/probe.ts';
import { handMade, slowCandidates } from '../support/records/hand-made-module.ts';
import { until } from '../support/until.ts';

const MARK = '/nonexistent/slow-module-mark';
const MARKS = probe(['openat'], ['fd.name', 'proc.name'], `evt.arg.name startswith ${MARK}`);
const FORKS = probe(['clone', 'fork', 'vfork'], ['proc.name'], 'proc.name = slow-module-nobody');

/** Slower for each process than the kernel is to start it, and within the limits of a call. */
const slow = (): RuleModule => handMade({ candidates: slowCandidates(4) });

/** Of the final counters. */
function assertBalanced({ counters }: LiveAgent): ReturnType<typeof eventTotals> {
  const totals = eventTotals(counters.capture);
  const { produced, evaluated, filtered, dropped, waiting } = totals;
  const numbers = `${produced} produced, ${evaluated} evaluated, ${filtered} filtered, ${dropped} dropped`;
  assert.equal(evaluated + filtered + dropped, produced, numbers);
  assert.equal(waiting, 0, numbers);
  return totals;
}

const fork = (times: number) =>
  act([
    ['@loop', times],
    ['clone', SIGCHLD],
  ]);

test('a module that is slow to find the candidates of processes is set aside, and the others go on', async (t) => {
  const agent = await LiveAgent.start([MARKS.rule, FORKS.rule], { modules: [slow()] });
  t.after(() => agent.stop());
  await fork(3000);
  await act([['openat', AT_FDCWD, str(MARK), O.RDONLY]]);
  await agent.settledOnAllCpus();
  await agent.only(MARKS.name, { 'proc.name': 'act' });
  const { setAside } = agent.product.summary().rules;
  assert.equal(setAside.list[0]?.failure, 'too-slow');
  assert.match(
    agent.product.state(),
    /hand-made\.wasm are no longer evaluated: .* They are tried again after 5\.0 s\./,
  );
  await agent.stop();
  const { produced, dropped } = assertBalanced(agent);
  assert.ok(produced >= 6000, `${produced}`);
  assert.equal(dropped, 0);
});

test('stopped while a slow module is busy: the counters add up', async (t) => {
  const agent = await LiveAgent.start([MARKS.rule, FORKS.rule], { modules: [slow()], kernelFilter: false });
  t.after(() => agent.stop());
  const forks = startAct([
    ['@loop', 1_000_000],
    ['clone', SIGCHLD],
  ]);
  t.after(() => forks.process.kill());
  await sleep(150);
  await agent.stop();
  assertBalanced(agent);
});

test('stopped while the thread that evaluates does not run: what it has not read is counted as dropped', async (t) => {
  const agent = await LiveAgent.start([MARKS.rule], { kernelFilter: false });
  t.after(() => agent.stop());
  await until(() => agent.product.summary().engine !== undefined);
  const thread = readdirSync('/proc/self/task').find((id) =>
    readFileSync(`/proc/self/task/${id}/comm`, 'utf8').startsWith('wasprey-engine'),
  );
  const holder = spawn(tamperProgram(), ['hold', thread ?? assert.fail('no thread'), '9000']);
  t.after(() => once(holder, 'exit'));
  await until(() => /^State:\s+t/m.test(readFileSync(`/proc/self/task/${thread}/status`, 'utf8')));
  const calls = 1000;
  for (let call = 0; call < calls; call++) assert.throws(() => openSync(`${MARK}-${call}`, 'r'), { code: 'ENOENT' });
  // The host counts itself what waits when it has heard nothing for a while.
  await until(() => eventTotals(agent.counters.capture).waiting >= calls);
  await agent.stop();
  const { dropped, lost } = assertBalanced(agent);
  assert.ok(dropped >= calls, `${dropped}`);
  assert.equal(lost, dropped);
});

test('bursts of alerts cost no module its evaluation: what the host does with them is not its time', async (t) => {
  const directory = directoryForTest(t);
  const deep = join(directory, ...Array.from({ length: 20 }, (_, level) => `level-${level}`));
  mkdirSync(deep, { recursive: true });
  const file = join(deep, 'file');
  writeFileSync(file, '');
  const fields = ['fd.name', 'proc.cmdline', 'proc.aname', 'user.name', 'container.name', 'evt.args'] as const;
  const rules = Array.from({ length: 8 }, (_, number) => {
    const one = probe(['openat'], fields, `fd.name startswith ${directory}`);
    return one.rule.replace(one.name, `${one.name} ${number}`);
  });
  const agent = await LiveAgent.start([...rules, MARKS.rule], {
    ruleMatching: 'all',
    keep: (line) => line.includes(MARK),
  });
  t.after(() => agent.stop());
  await act([
    ['@loop', 20_000],
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['close', 'r'],
  ]);
  // Opens beyond what the rings hold, and matches beyond what the host takes, are dropped and counted; so might be the mark.
  await until(() => {
    const { evaluated, dropped } = eventTotals(agent.counters.capture);
    return evaluated + dropped >= 20_000;
  }, 30_000);
  await agent.settledOnAllCpus();
  await act([['openat', AT_FDCWD, str(MARK), O.RDONLY]]);
  await agent.only(MARKS.name, { 'proc.name': 'act' });
  // Containers of others may be here, and no runtime that knows them.
  const troubles = agent.product.troubles.filter((trouble) => !trouble.startsWith('No metadata from'));
  assert.deepEqual(troubles, []);
  assert.equal(agent.product.summary().rules.setAside.count, 0);
  await agent.stop();
  const { dropped } = assertBalanced(agent);
  const { matches } = agent.counters;
  assert.ok(matches >= 8 * (20_000 - dropped), `${matches} matches, ${dropped} events dropped`);
  assert.ok(matches >= 8 * 1_000, `${matches} matches`);
});
