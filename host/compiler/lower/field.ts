// From a field, with its argument, to its operand on events of a type.

import { resolveNamed } from '../../schema/fields/index.ts';
import type { Field } from '../../schema/types.ts';
import { cast, ofEvent } from '../value.ts';
import { argumentField } from './argument.ts';
import { CONTAINER_OPERANDS, containerMember } from './container-fields.ts';
import { descriptorField } from './descriptor-fields.ts';
import { EVENT_OPERANDS, eventField } from './event-fields.ts';
import { ancestorField, ancestorImage, imageMember, PROCESS_OPERANDS } from './image-fields.ts';
import { ABSENT, type LoweringContext, type Operand } from './operand.ts';
import { mapEither } from './pieces.ts';

/** A field of a condition that the front end let pass. */
export interface NamedField {
  readonly field: Field;
  readonly argument?: string;
}

/** Finds a field that is known to exist. Throws on one that isn't: the type check comes first. */
export function knownField(name: string, bracket: string | undefined): NamedField {
  const resolved = resolveNamed(name, bracket);
  if (!resolved.ok) throw new Error(`field ${name} was not checked: ${resolved.reason}`);
  return resolved;
}

export function fieldOperand(named: NamedField, context: LoweringContext): Operand {
  if (context.given) return context.given.operand(named.field, named.argument);
  return mapEither(readOperand(named, context), (operand) => asTyped(operand, named.field));
}

/** 64-bit numbers are compared as the field's type says, whatever the record's member is. */
function asTyped(operand: Operand, { type }: Field): Operand {
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
    case 'event':
      // Events are numbered from 1: `evt.num = 0` is how rules say "never".
      if (name === 'evt.num')
        return { kind: 'number', value: ofEvent('header', 'sequence'), unsigned: true, scope: 'event', least: 1n };
      return eventField(source.member, context.type);
    case 'image':
      if (argument !== undefined) return PROCESS_OPERANDS[name]?.(argument, context) ?? ABSENT;
      return imageMember(source.member, ancestorImage(source.hops ?? 0), source.zeroIsAbsent ?? false);
    case 'ancestor':
      return ancestorField(source.member, argument, context);
    case 'container':
      return containerMember(source.member);
    case 'argument':
      return argumentField(source.raw, argument ?? '', context);
    case 'computed':
      return computed(field, argument, context);
    case 'rendered':
    case 'procfs':
      context.warn('field-not-in-conditions', `${name} is known to output only; conditions on it are never true`);
      return ABSENT;
    case 'none':
      context.warn('field-not-captured', `${name} is not captured (${source.why}); conditions on it are never true`);
      return ABSENT;
  }
}

function computed(field: Field, argument: string | undefined, context: LoweringContext): Operand {
  const { name } = field;
  if (name.startsWith('fd.')) return descriptorField(name, context.type);
  const byEvent = EVENT_OPERANDS[name];
  if (byEvent) return byEvent(context.type, argument ?? '');
  const byProcess = PROCESS_OPERANDS[name] ?? CONTAINER_OPERANDS[name];
  if (byProcess) return byProcess(argument, context);
  context.warn('condition-not-supported', `${name} is not supported in conditions; they are never true`);
  return ABSENT;
}
