// Compiled rules against a plain interpreter: on random events both must come to the same verdict for random conditions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { randomCondition } from '../../support/random/random-conditions.ts';
import { putEvent, type RandomEvent, randomEvent } from '../../support/random/random-events.ts';
import { listChecks } from '../../support/random/transformed-operands.ts';
import { typedChecks } from '../../support/random/typed-checks.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';
import { interpret } from '../../support/reference/interpreter.ts';
import { rawEventAt } from '../../support/reference/raw-record.ts';

const CONDITIONS = 120;
const EVENTS = 400;
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);

/** The conditions that hold, by the interpreter and by the module. */
function verdicts(module: RuleModule, rules: ReturnType<typeof rulesOf>, event: RandomEvent) {
  const placed = putEvent(module.records, event);
  module.setCandidates(placed.image);
  const record = rawEventAt(module.records.buffer, placed.event);
  const expected = rules.flatMap(({ condition }, index) => (interpret(condition, record) ? [index] : []));
  return { expected, actual: module.evaluate(placed.event, placed.end) };
}

async function compare(conditions: readonly string[]): Promise<void> {
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
}

test(`compiled verdicts are the interpreter's (seed ${SEED})`, async () => {
  await compare(fc.sample(randomCondition, { numRuns: CONDITIONS, seed: SEED }));
});

test(`compiled verdicts on lists are the interpreter's (seed ${SEED})`, async () => {
  await compare(fc.sample(listChecks, { numRuns: CONDITIONS, seed: SEED }));
});

test(`compiled verdicts of every operator and type are the interpreter's (seed ${SEED})`, async () => {
  const checks = fc.sample(typedChecks, { numRuns: 3 * CONDITIONS, seed: SEED });
  // Checks without an event type have code for each kind of record: all of them are too large for one module.
  for (let first = 0; first < checks.length; first += CONDITIONS)
    await compare(checks.slice(first, first + CONDITIONS));
});

test('getopt() reads the words of an event as it reads constants', async () => {
  const conditions = [
    'getopt((proc.args[0], proc.args[1], proc.args[2]), "c:k")[c] = value',
    'getopt((proc.args[0], proc.args[1], proc.args[2]), "c:k") intersects (k)',
    'getopt((proc.args[0], proc.args[1], proc.args[2]), "c:k") in (k, c, value)',
    'len(getopt((proc.args[0], proc.args[1], proc.args[2]), "c:k")) = 3',
    'getopt((proc.args[0], proc.args[1], proc.args[2]), "c:k") intersects (?)',
    'getopt((proc.args[0], proc.args[1], proc.args[2]), "c:k")[c] = ?',
  ];
  const module = await RuleModule.of(rulesOf(conditions));
  const verdicts = (...words: readonly string[]): readonly number[] => {
    const image = module.records.image({}, ['program', ...words]);
    module.setCandidates(image);
    const from = module.records.end;
    module.records.event('openat', image, {});
    return module.evaluate(from, module.records.end);
  };
  assert.deepEqual(verdicts('-k', '-c', 'value'), [0, 1, 2, 3]);
  assert.deepEqual(verdicts('-kcvalue', 'operand', '-x'), [0, 1, 2, 3]);
  assert.deepEqual(verdicts('--long', '-x', '-kk'), [1, 3, 4]);
  assert.deepEqual(verdicts('operand', '-k', '-c'), [2]);
  assert.deepEqual(verdicts('-k', '-kk', '-c'), [1, 4, 5]);
});

test('a buffer as an argument is compared as it is shown, evt.buffer as it is', async () => {
  const conditions = [
    'evt.arg.data = ".ELF..é"',
    'evt.arg.data = ".ELF...."',
    'evt.arg.data startswith ".elf"',
    'tolower(evt.arg.data) startswith ".elf"',
    'evt.arg[1] regex "[.A-Z]+"',
    'evt.arg.data = NULL',
    'len(evt.arg.data) = 8',
    'evt.buffer startswith ".ELF"',
    'evt.buffer endswith "é"',
  ];
  const module = await RuleModule.of(rulesOf(conditions));
  const verdicts = (data: string): readonly number[] => {
    const image = module.records.image({}, ['program']);
    module.setCandidates(image);
    const from = module.records.end;
    module.records.event('recvfrom', image, { data });
    return module.evaluate(from, module.records.end);
  };
  assert.deepEqual(verdicts('\x7fELF\n\x01é'), [1, 3, 4, 6, 8]);
  assert.deepEqual(verdicts(''), [4, 5]);
});

test('names of many small numbers are found by a set of bits', async () => {
  const conditions = ['evt.arg.sig startswith SIG', 'evt.arg.sig endswith P', 'evt.arg.sig in (SIGHUP, SIGTRAP)'];
  const module = await RuleModule.of(rulesOf(conditions));
  const verdicts = (signal: number): readonly number[] => {
    const image = module.records.image({}, ['program']);
    module.setCandidates(image);
    const from = module.records.end;
    module.records.event('tkill', image, { numbers: [1, signal, 0, 0] });
    return module.evaluate(from, module.records.end);
  };
  assert.deepEqual(verdicts(1), [0, 1, 2]);
  assert.deepEqual(verdicts(31), [0]);
  assert.deepEqual(verdicts(33), []);
  assert.deepEqual(verdicts(0), []);
});
