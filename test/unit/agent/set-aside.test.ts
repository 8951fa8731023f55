// A module that fails while it runs is set aside with an alert; the others go on. For want of time it is set aside for a while.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertDesk } from '../../../host/agent/alerts/alert-desk.ts';
import { RuleSets } from '../../../host/agent/rules/rules-in-use.ts';
import { eventTotals } from '../../../host/engine/counts/event-totals.ts';
import { EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { member } from '../../../host/schema/layout.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { handMade, slowCandidates } from '../../support/records/hand-made-module.ts';
import { inject } from '../../support/records/inject.ts';
import { check } from '../../support/sandbox/wasm-builder.ts';

const RULES = `
- rule: Any open
  desc: any open at all
  condition: evt.type = openat
  output: "open of %fd.name"
  priority: INFO
`;

for (const [what, evaluate, failure] of [
  ['traps', '(unreachable)', 'trap'],
  ['never ends', `(loop $l ${check()} (br $l))`, 'out-of-fuel'],
  ['reports a rule that it does not have', '(call $match (i32.const 7) (local.get $from))', 'foreign-match'],
] as const) {
  test(`a module that ${what} is set aside, with an alert`, async () => {
    const troubles: string[] = [];
    const onTrouble = (message: string) => troubles.push(message);
    await using built = await startBuiltAgent([handMade({ evaluate }), await moduleOf(RULES)], { onTrouble });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    const lines = await built.waitForLines(2);
    assert.ok(lines.some((line) => line.endsWith('Informational open of /etc/shadow')));
    const [own = ''] = built.jsonLines().filter((line) => line.includes('"source":"internal"'));
    const alert = JSON.parse(own) as Record<string, unknown>;
    assert.deepEqual(Object.keys(alert), ['hostname', 'output', 'output_fields', 'priority', 'rule', 'source', 'time']);
    assert.equal(alert.rule, 'Wasprey internal: rule module set aside');
    assert.match(String(alert.output), new RegExp(`hand-made\\.wasm.*\\(${failure}\\)`));
    assert.equal(troubles.length, 1);

    inject(built.agent, [], [shadowRead(1)]);
    assert.equal((await built.waitForLines(3)).length, 3);
  });
}

/** Alerts of the agent itself. */
function internal(lines: readonly string[]): { rule: string; output: string; output_fields: Record<string, string> }[] {
  return lines.filter((line) => line.includes('"source":"internal"')).map((line) => JSON.parse(line));
}

test('a module that takes more than its share of the time over many processes is set aside, and no event goes missing', async () => {
  const slow = handMade({ candidates: slowCandidates(4) });
  await using built = await startBuiltAgent([slow, await moduleOf(RULES)]);
  const count = 400;
  for (let number = 1; number <= count; number++) {
    inject(built.agent, [processImage(number, {})], [shadowRead(number)]);
  }
  const lines = await built.waitForLines(count + 1);
  assert.equal(lines.filter((line) => line.endsWith('open of /etc/shadow')).length, count);
  const [alert] = internal(built.jsonLines());
  assert.equal(alert?.rule, 'Wasprey internal: rule module set aside');
  assert.match(
    alert.output,
    /hand-made\.wasm are no longer evaluated: .* \(too-slow\)\. They are tried again after 5\.0 s\.$/,
  );
  const { module, failure, tried_after_ms } = alert.output_fields;
  assert.deepEqual(
    { module, failure, tried_after_ms },
    { module: 'hand-made.wasm', failure: 'too-slow', tried_after_ms: '5000' },
  );
  const { setAside } = built.agent.summary().rules;
  assert.equal(setAside.count, 1);
  assert.equal(setAside.list[0]?.failure, 'too-slow');

  const { engine } = await built.agent.stop();
  const { produced, evaluated, filtered, dropped, waiting } = eventTotals(engine?.capture ?? assert.fail());
  assert.deepEqual([produced, waiting], [count, 0]);
  assert.equal(evaluated + filtered + dropped, produced);
});

test('a module that took too long over an event is tried again after a while, and matches again', async () => {
  // Endless over records of a file whose path is long.
  const { offset } = member(EVENT_HEADER, 'size');
  const isLong = `(i32.gt_u (i32.load offset=${offset} (local.get $from)) (i32.const 2048))`;
  const evaluate = `(if ${isLong} (then (loop $l ${check()} (br $l)))) (call $match (i32.const 0) (local.get $from))`;
  await using built = await startBuiltAgent([handMade({ evaluate })]);
  const never = (): number => built.lines().filter((line) => line.endsWith(' never')).length;
  inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
  await built.waitForLines(1);
  assert.equal(never(), 1);
  const raw = `/${'long'.repeat(1000)}`;
  inject(built.agent, [], [shadowRead(1, { name: raw, raw, resolved: raw })]);
  await built.waitForLines(2);
  inject(built.agent, [], [shadowRead(1)]);

  await built.waitForLines(3);
  assert.equal(never(), 1);
  const [, back] = internal(built.jsonLines());
  assert.equal(back?.rule, 'Wasprey internal: rule module taken back');
  assert.match(
    back.output,
    / Notice The rules of hand-made\.wasm are evaluated again\. They were not for [5-9]\.\d s: out of fuel \(out-of-fuel\)\.$/,
  );
  assert.ok(built.agent.summary().rules.setAside.list[0]?.to);
  inject(built.agent, [], [shadowRead(1)]);
  await built.waitForLines(4);
  assert.equal(never(), 2);
});

const FAILED = { module: 'a.wasm', failure: 'trap', reason: 'unreachable' } as const;

function ruleSets(): RuleSets {
  const desk = { use: () => {}, retireBefore: () => {}, internal: () => {} } as unknown as AlertDesk;
  return new RuleSets([], { engine: () => undefined, desk, isFiltered: false, onTrouble: () => {} });
}

/** Generations differ by their reasons here. */
function stateOf(rules: RuleSets): string[] {
  return rules.summary.setAside.list.map(({ reason, to }) => `${reason} ${to === undefined ? 'lasts' : 'ended'}`);
}

test('a module of the next rules that fails before these are reported to be in use stays set aside', () => {
  const rules = ruleSets();
  rules.absences.begin({ ...FAILED, generation: 0, reason: 'first' });
  rules.absences.begin({ ...FAILED, generation: 0, module: 'b.wasm', reason: 'other' });
  rules.absences.begin({ ...FAILED, generation: 1, reason: 'second' });
  assert.deepEqual(stateOf(rules), ['first ended', 'other lasts', 'second lasts']);
  rules.tookOver(1);
  assert.deepEqual(stateOf(rules), ['first ended', 'other ended', 'second lasts']);
  rules.absences.end(0, FAILED.module);
  assert.deepEqual(stateOf(rules), ['first ended', 'other ended', 'second lasts']);
  assert.equal(rules.summary.setAside.count, 3);
  rules.tookOver(2);
  assert.deepEqual(stateOf(rules), ['first ended', 'other ended', 'second ended']);
});

test('new rules that fail on the first event that they get are set aside, as the status has it', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)]);
  inject(built.agent, [processImage(1, {})], []);
  const feed = setInterval(() => inject(built.agent, [], [shadowRead(1)]), 0);
  try {
    await built.agent.replaceRules([handMade({ evaluate: '(unreachable)' })]);
  } finally {
    clearInterval(feed);
  }
  inject(built.agent, [], [shadowRead(1)]);
  const deadline = performance.now() + 20_000;
  const { rules } = built.agent.summary();
  for (let list = rules.setAside.list; list.length === 0; list = built.agent.summary().rules.setAside.list) {
    assert.ok(performance.now() < deadline, 'it was never set aside');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { setAside, generation } = built.agent.summary().rules;
  assert.equal(generation, 1);
  assert.deepEqual(
    setAside.list.map(({ module, failure, to }) => [module, failure, to]),
    [['hand-made.wasm', 'trap', undefined]],
  );
});
