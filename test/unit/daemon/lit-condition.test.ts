// Lit conditions against the interpreter of the tests: on random events both come to the same verdict for random conditions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldsOf } from '../../../host/compiler/make-manifest.ts';
import { litCondition, type SeenValues } from '../../../host/daemon/console/lit-condition.ts';
import { type Absent, type FieldValue, integer, text } from '../../../host/fields/value.ts';
import { ANCESTORS_READ } from '../../../host/verdicts/compared-fields.ts';
import { randomCondition } from '../../support/random/random-conditions.ts';
import { putEvent, randomEvent } from '../../support/random/random-events.ts';
import { listChecks } from '../../support/random/transformed-operands.ts';
import { typedChecks } from '../../support/random/typed-checks.ts';
import { detailsOf } from '../../support/records/module-verdicts.ts';
import { RecordMemory } from '../../support/records/records.ts';
import { rulesOf } from '../../support/records/rule-module.ts';
import { interpret } from '../../support/reference/interpreter.ts';
import { rawEventAt } from '../../support/reference/raw-record.ts';

const CONDITIONS = 300;
const EVENTS = 40;
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);

function compare(conditions: readonly string[]): void {
  const rules = rulesOf(conditions);
  let matches = 0;
  const wrong = new Map<string, string>();
  for (const event of fc.sample(randomEvent, { numRuns: EVENTS, seed: SEED })) {
    const records = new RecordMemory();
    const placed = putEvent(records, event);
    const raw = rawEventAt(records.buffer, placed.event);
    for (const { condition, conditionText } of rules) {
      const seen = detailsOf(records, placed.event, [...fieldsOf(condition)]);
      const { verdict } = litCondition(condition, seen);
      const expected = interpret(condition, raw);
      if (expected) matches++;
      if (verdict !== String(expected)) wrong.set(conditionText, `${verdict}, not ${expected}`);
    }
  }
  assert.deepEqual(Object.fromEntries(wrong), {});
  assert.ok(matches > (CONDITIONS * EVENTS) / 40, `${matches} matches`);
}

test(`lit conditions are true when they match (seed ${SEED})`, () => {
  compare(fc.sample(randomCondition, { numRuns: CONDITIONS, seed: SEED }));
});

test(`checks on lists (seed ${SEED})`, () => {
  compare(fc.sample(listChecks, { numRuns: CONDITIONS, seed: SEED }));
});

test(`checks of every operator and type (seed ${SEED})`, () => {
  compare(fc.sample(typedChecks, { numRuns: CONDITIONS, seed: SEED }));
});

test('the peer that a client has not is compared as port 0', () => {
  const verdictOf = (condition: string, server = 0n): string => {
    const [rule] = rulesOf([condition]);
    assert.ok(rule);
    const seen: SeenValues = new Map([
      ['fd.port', { kind: 'ends', local: integer(4711n), remote: integer(server) } as const],
    ]);
    return litCondition(rule.condition, seen).verdict;
  };
  assert.deepEqual(
    ['fd.port = 4711', 'fd.port = 0', 'fd.port != 0'].map((text) => verdictOf(text)),
    ['true', 'true', 'false'],
  );
  assert.deepEqual(
    ['fd.port = 443', 'fd.port = 0', 'fd.port != 0'].map((text) => verdictOf(text, 443n)),
    ['true', 'false', 'true'],
  );
});

test('what holds of none of the ancestors that were read may hold of a further one', () => {
  const [rule] = rulesOf(['proc.aname = sshd']);
  assert.ok(rule);
  const seen = (names: readonly string[]): SeenValues =>
    new Map(
      Array.from({ length: ANCESTORS_READ }, (_, index) => {
        const name = names[index];
        return [`proc.aname[${index + 1}]`, name === undefined ? undefined : text(name)];
      }),
    );
  const shells = new Array<string>(ANCESTORS_READ).fill('bash');
  const verdict = (names: readonly string[]): string => litCondition(rule.condition, seen(names)).verdict;
  assert.equal(verdict(shells.slice(1)), 'false');
  assert.equal(verdict(shells), 'unknown');
  assert.equal(verdict(shells.with(3, 'sshd')), 'true');
});

test('lengths, ports by their service and what outputs alone have are as rules see them', () => {
  const values: SeenValues = new Map<string, FieldValue | Absent>([
    ['proc.name', text('cat')],
    ['fd.name', undefined],
    ['fd.port', { kind: 'ends', local: integer(50_022), remote: integer(22) }],
    ['evt.args', text('fd=3')],
    ['fd.dev', integer(20, 16)],
    ['fd.dev.minor', integer(20)],
    ['proc.fdopencount', integer(4)],
  ]);
  const verdicts: Readonly<Record<string, string>> = {
    'len("abc") = 3': 'true',
    'len("abc") > 3': 'false',
    'len((proc.name, "x")) = 2': 'true',
    'len((proc.name, fd.name)) = 2': 'false',
    'fd.proto = ssh': 'true',
    'fd.proto in (http, ssh)': 'true',
    'fd.proto != ssh': 'false',
    'fd.dev in val(fd.dev.minor)': 'true',
    'fd.dev != val(fd.dev.minor)': 'false',
    'evt.args contains fd': 'false',
    'not evt.args contains fd': 'true',
    'proc.fdopencount > 1': 'false',
  };
  const found = rulesOf(Object.keys(verdicts)).map(({ condition, conditionText }) => {
    return [conditionText, litCondition(condition, values).verdict];
  });
  assert.deepEqual(Object.fromEntries(found), verdicts);
});
