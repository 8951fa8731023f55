// Each field that the stock rules and the shipped ones read is asserted by a live test: by the value that an alert has, or in a condition.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksOf, fieldsOf } from '../../../host/compiler/conditions/fields-of.ts';
import { templateFields } from '../../../host/compiler/conditions/template.ts';
import { loadRules, type RuleFile } from '../../../host/compiler/rules/load.ts';
import { OWN_RULES, readRuleFiles } from '../../../host/daemon/rule-files.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';
import { missingFalco } from '../../support/falco-data.ts';
import { STOCK_FILES, stockRules } from '../../support/stock-rules.ts';

const LIVE_TESTS = globSync(join(import.meta.dirname, '../../live/*.test.ts')).map((path) =>
  readFileSync(path, 'utf8'),
);
const OPERATOR = '(=|!=|<=|>=|<|>|in|intersects|exists|b?contains|icontains|startswith|endswith|glob|pmatch)(?= |$)';

/** `evt.arg.flags`, `proc.aname`: with the name of an argument of the event, without indices and keys. */
function fieldsReadBy(files: readonly RuleFile[]): Map<string, string> {
  const { rules, errors } = loadRules(files);
  assert.deepEqual(errors, []);
  const fields = new Map<string, string>();
  for (const { name: rule, condition, output } of rules) {
    for (const { name, argument } of [...checksOf(condition).flatMap(fieldsOf), ...templateFields(output)]) {
      const resolved = resolveNamed(name, argument);
      assert.ok(resolved.ok, name);
      // Of what can't be supplied the compiler warns.
      if (resolved.field.source.from !== 'none') fields.set(name, rule);
    }
  }
  return fields;
}

function isAsserted(field: string): boolean {
  const name = `${field.replaceAll('.', '\\.')}(\\[[^\\]]*\\])?`;
  const compared = new RegExp(
    `['\`]${name}['\`]\\]?:|output_fields\\[['\`]${name}['\`]\\]|\\b${name} ${OPERATOR}`,
    'm',
  );
  return LIVE_TESTS.some((text) => compared.test(text));
}

test('every field that a stock rule reads is asserted live', { skip: missingFalco(...STOCK_FILES) }, () => {
  const fields = fieldsReadBy(STOCK_FILES.map((name) => ({ name, text: stockRules(name) })));
  assert.ok(fields.size > 80, `only ${fields.size} fields were found`);
  assertAsserted(fields);
});

test('every field that a shipped rule reads is asserted live', () => {
  const fields = fieldsReadBy(readRuleFiles([OWN_RULES]));
  assert.ok(fields.size > 50, `only ${fields.size} fields were found`);
  assertAsserted(fields);
});

function assertAsserted(fields: ReadonlyMap<string, string>): void {
  const missing = [...fields].filter(([field]) => !isAsserted(field));
  assert.deepEqual(missing, [], 'fields that no live test asserts, with a rule that reads each');
}

test('what no live test says is not taken for asserted', () => {
  assert.equal(isAsserted('evt.arg.flag'), false);
  assert.equal(isAsserted('fdlist.nums'), false);
});
