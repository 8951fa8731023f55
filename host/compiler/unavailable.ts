// Fields that a rule reads and the capture can't supply.

import { resolveNamed } from '../schema/fields.ts';
import type { Expression, FieldOperand } from './ast.ts';
import { checksOf, fieldsOf } from './fields-of.ts';
import { templateFields } from './template.ts';
import type { Template } from './template-tokens.ts';
import { fieldText } from './type-of.ts';

/** Names, each once, of those fields of a rule that are always absent on live events. */
export function unavailableFields(condition: Expression, output: Template): string[] {
  const fields = [...checksOf(condition).flatMap(fieldsOf), ...templateFields(output)];
  return [...new Set(fields.filter(isUnavailable).map(fieldText))];
}

function isUnavailable({ name, argument }: FieldOperand): boolean {
  const resolved = resolveNamed(name, argument);
  return resolved.ok && resolved.field.source.from === 'none' && !resolved.field.deprecated;
}
