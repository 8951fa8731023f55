// Rules are replaced while the agent runs: no event is lost or seen twice, and each alert is made by the rules that matched.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { Capture } from '../../../host/capture/native.ts';
import { parseTemplate } from '../../../host/compiler/conditions/template.ts';
import { Replacement } from '../../../host/engine/loop/replacement.ts';
import type { FromWorker } from '../../../host/engine/messages/protocol.ts';
import type { ModuleSet } from '../../../host/engine/modules/module-set.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { event, moduleOf, process, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { check, ruleModule } from '../../support/sandbox/wasm-builder.ts';

function opens(name: string, condition: string, more = ''): string {
  return `
- rule: ${name}
  desc: for a test
  condition: evt.type = openat and ${condition}
  output: ${name} of %fd.name by %proc.name ${more}
  priority: INFO
`;
}

/** What a text line says after its time and priority. */
function messages(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^\S+ Informational /, '').trim());
}

test('other rules take over, with what is known of processes', async () => {
  const first = await moduleOf(opens('First', 'proc.name = one'), 'first.yaml');
  const second = await moduleOf(opens('Second', 'proc.name = two', 'parent=%proc.pname'), 'second.yaml');
  await using running = await startBuiltAgent([first]);
  const { agent } = running;
  inject(agent, [process(1, { comm_bytes: 'one' }), process(2, { comm_bytes: 'two', parent: 1, ppid: 1001 })], []);
  inject(agent, [], [shadowRead(1), shadowRead(2)]);
  await running.waitForLines(1);
  await agent.replaceRules([second]);
  inject(agent, [], [shadowRead(1), shadowRead(2)]);
  assert.deepEqual(messages(await running.waitForLines(2)), [
    'First of /etc/shadow by one',
    'Second of /etc/shadow by two parent=one',
  ]);
  const [before, after] = running.jsonLines().map((line) => JSON.parse(line).output_fields['wasprey.module']);
  assert.equal(before, `sha256:${first.sha256}`);
  assert.equal(after, `sha256:${second.sha256}`);
  const { generation, modules, reloads } = agent.summary().rules;
  assert.equal(generation, 1);
  const [{ inUseSince = 0 } = {}] = modules;
  assert.deepEqual(modules, [{ name: 'second.yaml', sha256: second.sha256, rules: 1, inUseSince }]);
  assert.ok(Date.now() - inUseSince < 60_000);
  assert.equal(reloads.succeeded, 1);
  assert.ok(Date.now() - (reloads.lastSuccess ?? 0) < 60_000);
  // What stays is as old as it was.
  await sleep(2);
  await agent.replaceRules([first, second]);
  const times = agent.summary().rules.modules.map((module) => module.inUseSince);
  assert.equal(times[1], inUseSince);
  assert.ok((times[0] ?? 0) > inUseSince);
});

test('a module that fails when it is tried does not take over', async () => {
  const good = await moduleOf(opens('Good', 'proc.name = one'));
  const candidates = `(func $candidates (param i32 i32) (result i64) ${check()} (unreachable))`;
  const bad: RuleModule = {
    ...good,
    name: 'bad.wasm',
    verified: compileRuleModule(ruleModule({ candidates })),
    rules: good.rules.map((rule) => ({ ...rule, name: 'Never', output: parseTemplate('never') })),
  };
  await using running = await startBuiltAgent([good]);
  const { agent } = running;
  inject(agent, [process(1, { comm_bytes: 'one' })], [shadowRead(1)]);
  await running.waitForLines(1);
  await assert.rejects(agent.replaceRules([bad]), { code: 'ENGINE_MODULE_FAILED', message: /^bad\.wasm failed/ });
  inject(agent, [], [shadowRead(1)]);
  await running.waitForLines(2);
  // And the next ones do.
  await agent.replaceRules([await moduleOf(opens('Better', 'proc.name = one'))]);
  inject(agent, [], [shadowRead(1)]);
  assert.deepEqual(
    messages(await running.waitForLines(3)).map((line) => line.split(' ')[0]),
    ['Good', 'Good', 'Better'],
  );
});

test('a module that fails on a process that comes while the rules wait does not take over either', () => {
  const modules: { readonly name: string; failure?: { readonly reason: string } }[] = [{ name: 'late.wasm' }];
  const set = { eventTypes: [], bank: 0, isFiltered: false, modules: [] as typeof modules };
  const next = {
    ...set,
    bank: 1,
    modules,
    describe() {
      for (const module of modules) module.failure = { reason: 'unreachable' };
    },
  };
  const capture = {
    prepareFilter: () => {},
    beginChange: () => {},
    isChanged: () => true,
    listImages: () => 0,
    setCandidates: () => {},
  };
  const sent: FromWorker[] = [];
  let tookOver = false;
  let mayTakeOver = false;
  // What a replacement uses of them.
  const replacement = new Replacement(
    set as unknown as ModuleSet,
    { generation: 1, modules: [], eventTypes: [] },
    {
      capture: capture as unknown as Capture,
      bindSet: () => next as unknown as ModuleSet,
      send: (message) => sent.push(message),
      beside: () => [],
      unsettled: () => {},
      mayTakeOver: () => mayTakeOver,
      patience: 60_000,
      takeOver: () => {
        tookOver = true;
      },
    },
  );
  for (let step = 0; step < 5; step++) replacement.step();
  replacement.setCandidates(1);
  mayTakeOver = true;
  for (let step = 0; step < 5 && !replacement.isDone; step++) replacement.step();
  assert.equal(tookOver, false);
  assert.deepEqual(sent, [
    {
      kind: 'not-replaced',
      generation: 1,
      error: { code: 'ENGINE_MODULE_FAILED', message: 'late.wasm failed its trial run: unreachable' },
    },
  ]);
});

test('of several modules the first that matches counts, or all, each for its own processes', async () => {
  const stock = await moduleOf(opens('Stock', 'proc.name = one'), 'stock');
  const team = await moduleOf(opens('Team', 'proc.name in (one, two)'), 'team');
  const local = await moduleOf(opens('Local', 'proc.name = two'), 'local');
  const processes = [process(1, { comm_bytes: 'one' }), process(2, { comm_bytes: 'two' })];
  for (const [ruleMatching, expected] of [
    ['first', ['Stock one', 'Team two']],
    ['all', ['Local two', 'Stock one', 'Team one', 'Team two']],
  ] as const) {
    await using running = await startBuiltAgent([stock, team, local], { ruleMatching });
    inject(running.agent, processes, [shadowRead(1), shadowRead(2), event('unlink', 1)]);
    const lines = messages(await running.waitForLines(expected.length));
    assert.deepEqual(lines.map((line) => line.replace(' of /etc/shadow by', '')).sort(), expected);
    // In another order, with another first.
    await running.agent.replaceRules([local, team, stock]);
    inject(running.agent, [], [shadowRead(2)]);
    await running.waitForLines(expected.length + 1);
    const { agent } = running;
    await agent.stop();
    const later = messages(running.lines()).slice(expected.length);
    assert.deepEqual(
      later.map((line) => line.split(' ')[0]),
      ruleMatching === 'first' ? ['Local'] : ['Local', 'Team'],
    );
  }
});

test('a process that nothing is known of matches no condition on processes', async () => {
  const rules = `${opens('Of one', 'proc.name = one')}${opens('Of any', 'fd.name = /etc/shadow')}`;
  await using running = await startBuiltAgent([await moduleOf(rules)], { ruleMatching: 'all' });
  inject(running.agent, [], [shadowRead(4711)]);
  assert.deepEqual(messages(await running.waitForLines(1)), ['Of any of /etc/shadow by <NA>']);
});
