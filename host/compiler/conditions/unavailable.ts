// Fields that a rule reads and live events can't supply: at all, or in time for a condition.

import { DEFAULT_SOURCE, type EventSource } from '../../schema/event-source.ts';
import { resolveNamed } from '../../schema/fields/index.ts';
import type { Check, Expression, FieldOperand } from './ast.ts';
import { checksOf, fieldsOf } from './fields-of.ts';
import { templateFields } from './template.ts';
import type { Template } from './template-tokens.ts';
import { fieldText } from './type-of.ts';

/** A field that is always absent where it is read, and the check that reads it; outputs have no check. */
export interface UnavailableField {
  readonly field: FieldOperand;
  readonly check?: Check;
  /** The problem and its reason. */
  readonly message: string;
}

/** Each field once: at its first place in the condition, or else in the output. */
export function unavailableFields(
  condition: Expression,
  output: Template,
  source: EventSource = DEFAULT_SOURCE,
): UnavailableField[] {
  const read = [
    ...checksOf(condition).flatMap((check) => fieldsOf(check).map((field) => ({ field, check }))),
    ...templateFields(output).map((field) => ({ field })),
  ];
  const found = new Map<string, UnavailableField>();
  for (const use of read) {
    const text = fieldText(use.field);
    const message = found.has(text) ? undefined : problemOf(use.field, 'check' in use, source);
    if (message !== undefined) found.set(text, { ...use, message });
  }
  return [...found.values()];
}

function problemOf(operand: FieldOperand, inCondition: boolean, of: EventSource): string | undefined {
  const resolved = resolveNamed(operand.name, operand.argument, of);
  // Deprecated fields have another warning.
  if (!resolved.ok || resolved.field.deprecated) return undefined;
  const { source } = resolved.field;
  const text = fieldText(operand);
  switch (source.from) {
    case 'none':
      return `${text} is not captured and always absent: ${source.why}`;
    case 'rendered':
    case 'procfs':
      return inCondition ? `${text} is available in outputs only; a condition on it is never true` : undefined;
    default:
      return undefined;
  }
}
