// Fields that a rule reads and the capture can't supply.

import { resolveNamed } from '../schema/fields.ts';
import type { Check, Expression, FieldOperand } from './ast.ts';
import { checksOf, fieldsOf } from './fields-of.ts';
import { templateFields } from './template.ts';
import type { Template } from './template-tokens.ts';
import { fieldText } from './type-of.ts';

/** A field that is always absent on live events, and the check that reads it; of an output there is none. */
export interface UnavailableField {
  readonly field: FieldOperand;
  readonly check?: Check;
  /** As rules spell it. */
  readonly text: string;
}

/** Each once: where the condition reads it first, or else in the output. */
export function unavailableFields(condition: Expression, output: Template): UnavailableField[] {
  const read = [
    ...checksOf(condition).flatMap((check) => fieldsOf(check).map((field) => ({ field, check }))),
    ...templateFields(output).map((field) => ({ field })),
  ];
  const found = new Map<string, UnavailableField>();
  for (const use of read) {
    const text = fieldText(use.field);
    if (isUnavailable(use.field) && !found.has(text)) found.set(text, { ...use, text });
  }
  return [...found.values()];
}

function isUnavailable({ name, argument }: FieldOperand): boolean {
  const resolved = resolveNamed(name, argument);
  return resolved.ok && resolved.field.source.from === 'none' && !resolved.field.deprecated;
}
