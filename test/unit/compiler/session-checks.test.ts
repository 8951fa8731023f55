// Conditions with checks of the exec session are taken apart into alternatives that together mean the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Expression } from '../../../host/compiler/conditions/ast.ts';
import { checksOf } from '../../../host/compiler/conditions/fields-of.ts';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { printCondition } from '../../../host/compiler/conditions/print.ts';
import { alternativesOf, firstOfSession, sessionSourceIn } from '../../../host/compiler/conditions/session-checks.ts';
import { MOST_ALTERNATIVES } from '../../../host/compiler/ir/module-limits.ts';

const EVENT_CHECKS = ['proc.name = a', 'fd.name = b', 'user.uid = 0'];
const SESSION_CHECKS = [
  ...['k8s.user.name = a', 'k8s.session.match = exact', 'k8s.user.groups intersects (dev, ops)'],
  ...['session.kind = ssh', 'session.user = val(session.id)', 'session.net = 10.0.0.0/8'],
];

const condition: fc.Arbitrary<string> = fc.letrec<{ node: string; check: string }>((tie) => ({
  check: fc.constantFrom(...EVENT_CHECKS, ...SESSION_CHECKS),
  node: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    tie('check'),
    fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' and ')})`),
    fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' or ')})`),
    tie('node').map((part) => `not (${part})`),
  ),
})).node;

/** @param holding the checks that are true, as text */
function isTrue(expression: Expression, holding: ReadonlySet<string>): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.children.every((child) => isTrue(child, holding));
    case 'or':
      return expression.children.some((child) => isTrue(child, holding));
    case 'not':
      return !isTrue(expression.child, holding);
    case 'check':
      return printCondition(expression) === 'evt.type exists' || holding.has(printCondition(expression));
    case 'macro':
      throw new Error('there are no macros');
  }
}

const ALL_CHECKS = [...EVENT_CHECKS, ...SESSION_CHECKS].map((text) => printCondition(parseCondition(text)));

test('alternatives mean what the condition means, whatever holds of the event and of the session', () => {
  fc.assert(
    fc.property(condition, fc.subarray(ALL_CHECKS), (text, holding) => {
      const expression = parseCondition(text);
      const alternatives = alternativesOf(expression);
      fc.pre(alternatives !== undefined);
      const holds = new Set(holding);
      for (const { condition: ofEvent, entry, session } of alternatives) {
        assert.ok(!firstOfSession(ofEvent), printCondition(ofEvent));
        assert.ok(!entry || checksOf(entry).every((check) => sessionSourceIn(check) === 'entry'));
        assert.ok(!session || checksOf(session).every((check) => sessionSourceIn(check) === 'session'));
      }
      const held = alternatives.filter(({ entry, session }) =>
        [entry, session].every((part) => !part || isTrue(part, holds)),
      );
      assert.ok(held.length <= 1 || !firstOfSession(expression), 'no two hold of the same session');
      const result = held.some(({ condition: ofEvent }) => isTrue(ofEvent, holds));
      assert.equal(result, isTrue(expression, holds), text);
    }),
    { numRuns: 3_000 },
  );
});

test('what all matches need of the session stands beside the rest of the condition, once', () => {
  const found = alternativesOf(
    parseCondition('evt.type = open and k8s.user.name = alice and fd.name = /a and not k8s.session.match = none'),
  );
  assert.deepEqual(
    found?.map(({ condition: ofEvent, session }) => [ofEvent, session].map((each) => each && printCondition(each))),
    [['(evt.type = open and fd.name = /a)', '(k8s.user.name = alice and not k8s.session.match = none)']],
  );
});

test('both kinds of sessions have a part each', () => {
  const found = alternativesOf(
    parseCondition('evt.type = open and (k8s.user.name = alice or fd.name = /a) and session.kind = exec'),
  );
  assert.deepEqual(
    found?.map((each) => [each.condition, each.entry, each.session].map((part) => part && printCondition(part))),
    [
      ['evt.type = open', 'session.kind = exec', 'k8s.user.name = alice'],
      ['(evt.type = open and fd.name = /a)', 'session.kind = exec', 'not k8s.user.name = alice'],
    ],
  );
});

test('a condition without checks of the session has itself alone as its alternative', () => {
  const expression = parseCondition('evt.type = open and fd.name = /a');
  assert.deepEqual(alternativesOf(expression), [{ condition: expression }]);
});

test('there are not any number of alternatives', () => {
  const pair = (index: number): string => `(proc.name = p${index} and k8s.user.name = u${index})`;
  const many = Array.from({ length: MOST_ALTERNATIVES }, (_, index) => pair(index)).join(' or ');
  assert.equal(alternativesOf(parseCondition(many)), undefined);
  assert.ok(alternativesOf(parseCondition([0, 1, 2].map(pair).join(' or '))));
});

test('that there are too many is found without looking at all of them', () => {
  const parts = (count: number, part: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => part(index)).join(' or ');
  const exceptions = parts(60, (index) => `(proc.name = p${index} and k8s.user.name = u${index})`);
  assert.equal(alternativesOf(parseCondition(`evt.type = open and not (${exceptions})`)), undefined);
  // Never true, whatever the session is, which no part of it shows.
  const never = parts(60, (index) => {
    const check = `k8s.user.name = u${index}`;
    return `(proc.name = p and ${check} and not (fd.name = f or ${check}))`;
  });
  assert.equal(alternativesOf(parseCondition(never)), undefined);
  // Of these there are many parts, and one alternative.
  const wide = Array.from(
    { length: 200 },
    (_, index) => `(proc.name = p${index} and k8s.user.groups intersects (g${index}))`,
  );
  assert.equal(alternativesOf(parseCondition(wide.join(' and ')))?.length, 1);
  // A thousand more are too many, not a stack that overflows.
  const more = Array.from({ length: 5_000 }, (_, index) => `(proc.name = p${index} and k8s.user.name = u${index})`);
  assert.equal(alternativesOf(parseCondition(more.join(' and '))), undefined);
});
