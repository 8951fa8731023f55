// Compiled rules against a plain interpreter: on random events both must come to the same verdict for random conditions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventRecord } from '../../host/fields/record.ts';
import { interpret } from '../support/interpreter.ts';
import { randomCondition } from '../support/random-conditions.ts';
import { putEvent, type RandomEvent, randomEvent } from '../support/random-events.ts';
import { RuleModule, rulesOf } from '../support/rule-module.ts';

const CONDITIONS = 120;
const EVENTS = 400;
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);

/** The conditions that hold, by the interpreter and by the module. */
function verdicts(module: RuleModule, rules: ReturnType<typeof rulesOf>, event: RandomEvent) {
  const placed = putEvent(module.records, event);
  module.setCandidates(placed.image);
  const record = EventRecord.at(module.records.memory, placed.event);
  assert.ok(record);
  const expected = rules.flatMap(({ condition }, index) => (interpret(condition, record) ? [index] : []));
  return { expected, actual: module.evaluate(placed.event, placed.end) };
}

test(`compiled verdicts are the interpreter's (seed ${SEED})`, async () => {
  const conditions = fc.sample(randomCondition, { numRuns: CONDITIONS, seed: SEED });
  const rules = rulesOf(conditions);
  const module = await RuleModule.of(rules);
  let matches = 0;
  for (const event of fc.sample(randomEvent, { numRuns: EVENTS, seed: SEED })) {
    const { expected, actual } = verdicts(module, rules, event);
    matches += expected.length;
    const wrong = rules.flatMap(({ conditionText }, index) => {
      const [should, does] = [expected.includes(index), actual.includes(index)];
      return should === does ? [] : [`${conditionText}: ${should ? 'missed' : 'matched wrongly'}`];
    });
    assert.deepEqual(
      wrong,
      [],
      JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    );
  }
  // Conditions that are never true would prove nothing.
  assert.ok(matches > (CONDITIONS * EVENTS) / 20, `${matches} matches`);
});
