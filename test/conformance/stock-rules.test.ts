// Falco's own rule files load, each alone and all together, with the warnings that they earn and no others.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderDiagnostic } from '../../host/compiler/diagnostic-text.ts';
import { loadRules, type RuleFile } from '../../host/compiler/load.ts';

const DIRECTORY = join(import.meta.dirname, '../../../shared/falco-rules');
/** Rules in each file; the last has macros alone, its rules are commented out. */
const RULES: Readonly<Record<string, number>> = {
  'falco_rules.yaml': 25,
  'falco-incubating_rules.yaml': 31,
  'falco-sandbox_rules.yaml': 37,
  'falco-deprecated_rules.yaml': 4,
  'application_rules.yaml': 0,
};

const FILES: readonly RuleFile[] = readdirSync(DIRECTORY)
  .sort()
  .map((name) => ({ name, text: readFileSync(join(DIRECTORY, name), 'utf8') }));

test('every stock file is tested', () => {
  assert.deepEqual(
    FILES.map(({ name }) => name),
    Object.keys(RULES).sort(),
  );
});

for (const file of FILES) {
  test(`${file.name} loads`, () => {
    const { errors, warnings, rules } = loadRules([file]);
    assert.deepEqual(
      errors.map((error) => renderDiagnostic(error)),
      [],
    );
    assert.equal(rules.length, RULES[file.name]);
    const codes = new Set(warnings.map(({ code }) => code).filter((code) => code.startsWith('LOAD_')));
    const expected = {
      'application_rules.yaml': ['LOAD_UNUSED_MACRO'],
      'falco-deprecated_rules.yaml': ['LOAD_DEPRECATED_ITEM'],
    }[file.name];
    assert.deepEqual([...codes], expected ?? []);
  });
}

test('all stock files load together', () => {
  const { errors, rules } = loadRules(FILES);
  assert.deepEqual(
    errors.map((error) => renderDiagnostic(error)),
    [],
  );
  assert.equal(rules.length, 97);
  // None of them leaves its events open.
  for (const rule of rules) assert.ok(rule.eventTypes.size > 0 && rule.eventTypes.size <= 20, rule.name);
});
