// Which alerts a response is for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFor, isNamed, unmetParts } from '../../../host/responses/rule-match.ts';
import { responseOf } from '../../support/responses/response-sets.ts';

test('a pattern is a name, with * for any text and ? for one character', () => {
  for (const [pattern, name, expected] of [
    ['Reverse shell', 'Reverse shell', true],
    ['Reverse shell', 'Reverse shells', false],
    ['Reverse*', 'Reverse shell', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['*ab', 'abab', true],
    ['a*b*c', 'a-bb-c', true],
    ['a*b*c', 'a-c-b', false],
    ['?', 'é', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a.c', 'abc', false],
    ['*a*a*a*a*a*a*b', 'a'.repeat(200), false],
  ] as const) {
    assert.equal(isNamed(pattern, name), expected, `${pattern} ${name}`);
  }
});

test('a response is for the rules that meet each member that is there', () => {
  const rule = { name: 'Reverse shell', tags: ['execution', 'container'], priority: 'Critical' } as const;
  for (const [match, expected] of [
    [{ rules: ['x', 'Rev*'] }, true],
    [{ rules: ['x'] }, false],
    [{ tags: ['x', 'container'] }, true],
    [{ tags: ['contain*'] }, false],
    [{ priority: 'Warning' }, true],
    [{ priority: 'Critical' }, true],
    [{ priority: 'Alert' }, false],
    [{ rules: ['*'], tags: ['execution'], priority: 'Debug' }, true],
    [{ rules: ['*'], tags: ['other'] }, false],
  ] as const) {
    assert.equal(isFor(match, rule), expected, JSON.stringify(match));
  }
});

test('what no loaded rule meets is reported, with what was probably meant', () => {
  const rules = [
    { name: 'Reverse shell', tags: ['mitre_execution'], priority: 'Critical' },
    { name: 'Shadow read', tags: ['mitre_credential_access'], priority: 'Notice' },
  ] as const;
  const unmet = unmetParts(
    [
      responseOf({ match: { rules: ['Reverse*', 'Revers shell', 'Nothing like it'] } }),
      responseOf({ match: { tags: ['mitre_exekution'], priority: 'Debug' } }),
      responseOf({ name: 'severe', match: { rules: ['Shadow*'], priority: 'Critical' } }),
    ],
    rules,
  );
  assert.deepEqual(unmet, [
    {
      response: 0,
      key: 'match.rules[1]',
      message: 'no loaded rule is named Revers shell',
      help: 'did you mean Reverse shell?',
    },
    { response: 0, key: 'match.rules[2]', message: 'no loaded rule is named Nothing like it' },
    {
      response: 1,
      key: 'match.tags[0]',
      message: 'no loaded rule has the tag mitre_exekution',
      help: 'did you mean mitre_execution?',
    },
    {
      response: 2,
      key: 'match',
      message: 'response severe is for no loaded rule',
      help: 'a rule must meet all of rules, tags and priority',
    },
  ]);
});
