// From a field, with its argument, to its operand on events of a type. On `open`:
//
//   fd.num = 3           i64(headerFd(event)) == 3
//   container.name = a   equals_a(containerName(imageContainerAddress(image)))
//   evt.arg.name = /a    equals_a(pathArgument(openRaw(event), openName(event)))
//   evt.rawarg.fd = 3    i64(headerResult(event)) == 3
//   evt.info = a         false, and a warning: outputs alone have it

import { sourceOf } from '../../schema/audit/record.ts';
import type { EventType } from '../../schema/events/index.ts';
import type { Field } from '../../schema/fields/field.ts';
import { resolveNamed } from '../../schema/fields/index.ts';
import { findParameter, parameterForms, valueTypeOn } from '../../schema/fields/parameter.ts';
import type { ValueType } from '../../schema/types.ts';
import { cast } from '../ir/value.ts';
import { auditOperand } from './audit-field.ts';
import { derivedOperand } from './derived.ts';
import { ABSENT, type LoweringContext, type Operand } from './operand.ts';
import { mapEither } from './pieces.ts';

/** A field of a condition that passed the front end. */
export interface NamedField {
  readonly field: Field;
  readonly argument?: string;
}

/** Finds a field that is known to exist on events of the type. Throws on one that doesn't: the type check comes first. */
export function knownField(name: string, bracket: string | undefined, type: EventType): NamedField {
  const resolved = resolveNamed(name, bracket, sourceOf(type));
  if (!resolved.ok) throw new Error(`field ${name} was not checked: ${resolved.reason}`);
  return resolved;
}

export function fieldOperand(named: NamedField, context: LoweringContext): Operand {
  if (context.given) return context.given.operand(named.field, named.argument);
  const type = valueTypeOf(named, context.type);
  return mapEither(readOperand(named, context), (operand) => asTyped(operand, type));
}

export function valueTypeOf({ field, argument }: NamedField, type: EventType): ValueType {
  return valueTypeOn(type, field, argument);
}

/** 64-bit numbers are compared as the field's type says, whatever the record's member is. */
function asTyped(operand: Operand, type: ValueType): Operand {
  if (operand.kind !== 'number' || operand.least !== undefined) return operand;
  const { value, scope } = operand;
  if (type === 'UINT64' || type === 'ABSTIME' || type === 'RELTIME') {
    return { kind: 'number', unsigned: true, scope, value: operand.unsigned ? value : cast('u64', value) };
  }
  if (!operand.unsigned) return operand;
  return { kind: 'number', scope, value: cast('i64', value) };
}

function readOperand({ field, argument }: NamedField, context: LoweringContext): Operand {
  const { source, name } = field;
  switch (source.from) {
    case 'record':
      return derivedOperand(source.derive(context.type, argument), field.type, context);
    case 'container':
      return derivedOperand(source.derive(argument), field.type, context);
    case 'audit':
      return auditOperand(source.row, argument, context);
    case 'argument':
      return argumentOperand(source.raw, argument ?? '', context);
    case 'rendered':
    case 'procfs':
      context.warn('field-not-in-conditions', `${name} is available in outputs only; a condition on it is never true`);
      return ABSENT;
    // Decided outside of the module (session-checks.ts).
    case 'entry':
    case 'session':
      return ABSENT;
    case 'none':
      context.warn('field-not-captured', `${name} is not captured (${source.why}); a condition on it is never true`);
      return ABSENT;
    case 'condition':
      context.warn('condition-not-supported', `${name} is not supported here; a condition on it is never true`);
      return ABSENT;
  }
}

/** A parameter of the event: evt.arg and evt.rawarg. */
function argumentOperand(raw: boolean, argument: string, context: LoweringContext): Operand {
  const { type } = context;
  const parameter = findParameter(type, argument);
  if (!parameter) return ABSENT;
  const forms = parameterForms(type, parameter);
  if (forms) return derivedOperand(raw ? forms.raw : forms.text, forms.type, context);
  const message = `evt.arg.${argument} of ${type.name} is not captured; conditions see it as absent`;
  context.warn('argument-not-captured', message);
  return ABSENT;
}
