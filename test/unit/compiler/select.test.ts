// Selection of rules by name pattern and tag.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { matchesWildcard, type Selection, selectRules } from '../../../host/compiler/rules/select.ts';

const RULES = loadRules([
  {
    name: 'rules.yaml',
    text: [
      ['open_from_cat', '[a]', true],
      ['open_from_dog', '[a, b]', false],
      ['exec', '[b]', true],
      ['plain', '[]', true],
    ]
      .map(
        ([name, tags, enabled]) =>
          `- rule: ${name}\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: INFO\n  tags: ${tags}\n  enabled: ${enabled}\n`,
      )
      .join(''),
  },
]).rules;

function selected(...selections: Selection[]): string[] {
  const rules = selectRules(RULES, selections);
  assert.ok(rules.every(({ enabled }) => enabled));
  return rules.map(({ name }) => name);
}

test('without a selection the files decide', () => {
  assert.deepEqual(selected(), ['open_from_cat', 'exec', 'plain']);
});

test('selections are applied in order', () => {
  assert.deepEqual(selected({ operation: 'disable', by: 'rule', pattern: 'open*' }), ['exec', 'plain']);
  assert.deepEqual(selected({ operation: 'disable', by: 'rule', pattern: 'open_from' }), [
    'open_from_cat',
    'exec',
    'plain',
  ]);
  assert.deepEqual(selected({ operation: 'disable', by: 'tag', pattern: 'b' }), ['open_from_cat', 'plain']);
  const none = { operation: 'disable', by: 'rule', pattern: '*' } as const;
  assert.deepEqual(selected(none), []);
  assert.deepEqual(selected(none, { operation: 'enable', by: 'tag', pattern: 'a' }), [
    'open_from_cat',
    'open_from_dog',
  ]);
  assert.deepEqual(selected({ operation: 'enable', by: 'tag', pattern: 'a' }, none), []);
});

test('a rule that is turned on later is tried last', () => {
  assert.deepEqual(selected({ operation: 'enable', by: 'rule', pattern: 'open_from_dog' }), [
    'open_from_cat',
    'exec',
    'plain',
    'open_from_dog',
  ]);
});

test('a star stands for any text, without going back', () => {
  const cases: readonly [pattern: string, name: string, matches: boolean][] = [
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a', 'a', true],
    ['a', 'ab', false],
    ['a*', 'ab', true],
    ['*b', 'ab', true],
    ['a*c', 'abc', true],
    ['a**c', 'ac', true],
    ['*b*', 'abc', true],
    ['*ab', 'abab', false],
    ['Read (.*)', 'Read (.x)', true],
  ];
  for (const [pattern, name, matches] of cases)
    assert.equal(matchesWildcard(pattern, name), matches, `${pattern} ${name}`);
});
