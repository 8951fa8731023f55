// The key of a module differs with whatever decides the module.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilerDigest, moduleKey, sourcesDigest } from '../../../host/daemon/rules/module-key.ts';
import { ALL_ENABLED, ALL_SOURCES } from '../../../host/daemon/rules/rule-selection.ts';

const ONE = { name: 'one.yaml', text: '- list: one' };
const TWO = { name: 'two.yaml', text: '- list: two' };

test('the compiler, each file, their order and the selection decide the key', () => {
  const keys = [
    moduleKey([ONE, TWO], ALL_ENABLED, 'a'),
    moduleKey([ONE, TWO], ALL_ENABLED, 'b'),
    moduleKey([TWO, ONE], ALL_ENABLED, 'a'),
    moduleKey([ONE], ALL_ENABLED, 'a'),
    moduleKey([ONE, { ...TWO, name: 'other.yaml' }], ALL_ENABLED, 'a'),
    moduleKey([ONE, { ...TWO, text: '- list: other' }], ALL_ENABLED, 'a'),
    moduleKey([ONE, TWO], ALL_SOURCES, 'a'),
    moduleKey([ONE, TWO], { selections: [{ operation: 'disable', by: 'rule', pattern: 'x' }] }, 'a'),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(keys[0], moduleKey([{ ...ONE }, { ...TWO }], { selections: [] }, 'a'));
});

test('in a checkout the compiler is its sources', () => {
  assert.match(sourcesDigest(), /^[0-9a-f]{64}$/);
  assert.equal(compilerDigest(), sourcesDigest());
});
