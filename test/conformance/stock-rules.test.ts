// Falco's own rule files load, each alone and all together, with the warnings that they earn and no others.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadRules, type RuleFile } from '../../host/compiler/rules/load.ts';
import { renderDiagnostic } from '../../host/diagnostics/diagnostic-text.ts';
import { falcoFile, missingFalco } from '../support/falco-data.ts';
import { STOCK_FILES } from '../support/stock-rules.ts';

/** The last has macros alone, its rules are commented out. */
const FILES = [...STOCK_FILES, 'application_rules.yaml'] as const;
type File = (typeof FILES)[number];

const WARNINGS: Partial<Readonly<Record<File, readonly string[]>>> = {
  'application_rules.yaml': ['LOAD_UNUSED_MACRO'],
  'falco-deprecated_rules.yaml': ['LOAD_DEPRECATED_ITEM'],
};

function read(name: File): RuleFile {
  return { name, text: readFileSync(falcoFile(name), 'utf8') };
}

/** How many rules the text defines. */
function ruleCount({ text }: RuleFile): number {
  return text.match(/^- rule:/gm)?.length ?? 0;
}

for (const name of FILES) {
  test(`${name} loads`, { skip: missingFalco(name) }, () => {
    const file = read(name);
    const { errors, warnings, rules } = loadRules([file]);
    assert.deepEqual(
      errors.map((error) => renderDiagnostic(error)),
      [],
    );
    assert.equal(rules.length, ruleCount(file));
    assert.equal(rules.length > 0, name !== 'application_rules.yaml');
    const codes = new Set(warnings.map(({ code }) => code).filter((code) => code.startsWith('LOAD_')));
    assert.deepEqual([...codes], WARNINGS[name] ?? []);
  });
}

test('all stock files load together', { skip: missingFalco(...FILES) }, () => {
  const files = FILES.map(read);
  const { errors, rules } = loadRules(files);
  assert.deepEqual(
    errors.map((error) => renderDiagnostic(error)),
    [],
  );
  assert.equal(
    rules.length,
    files.reduce((sum, file) => sum + ruleCount(file), 0),
  );
  // None of them leaves its events open.
  for (const rule of rules) assert.ok(rule.eventTypes.size > 0 && rule.eventTypes.size <= 20, rule.name);
});
