// The fields that rules read, in conditions and outputs.

import assert from 'node:assert/strict';
import { checksOf, fieldsOf } from '../../../host/compiler/conditions/fields-of.ts';
import { templateFields } from '../../../host/compiler/conditions/template.ts';
import { loadRules, type RuleFile } from '../../../host/compiler/rules/load.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';

/**
 * Names of the fields, each with a rule that reads it: with the name of an argument of the event (`evt.arg.flags`), without indices and
 * keys (`proc.aname`). Fields that nothing supplies are left out: the compiler warns of them.
 */
export function fieldsReadBy(files: readonly RuleFile[]): Map<string, string> {
  const { rules, errors } = loadRules(files);
  assert.deepEqual(errors, []);
  const fields = new Map<string, string>();
  for (const { name: rule, condition, output } of rules) {
    for (const { name, argument } of [...checksOf(condition).flatMap(fieldsOf), ...templateFields(output)]) {
      const resolved = resolveNamed(name, argument);
      assert.ok(resolved.ok, name);
      if (resolved.field.source.from !== 'none') fields.set(name, rule);
    }
  }
  return fields;
}
