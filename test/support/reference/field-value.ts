// The value of a field of an event as conditions see it, for tests: read after the schema's description alone.

import type { Field } from '../../../host/schema/fields/field.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';
import { derivationValue, type PlainValue } from './derivation-value.ts';
import { argumentText, rawArgument } from './parameter-values.ts';
import type { RawEvent } from './raw-record.ts';
import { asType } from './signedness.ts';

/** Undefined if absent. `argument`: in brackets after the field. */
export function fieldValue(name: string, argument: string | undefined, at: RawEvent): PlainValue | undefined {
  const resolved = resolveNamed(name, argument);
  if (!resolved.ok) throw new Error(`${name}: ${resolved.reason}`);
  return valueOfField(resolved.field, resolved.argument, at);
}

/** The same of a field that is known. */
export function valueOfField(field: Field, argument: string | undefined, at: RawEvent): PlainValue | undefined {
  const { source, type } = field;
  switch (source.from) {
    case 'record':
      return asTyped(derivationValue(source.derive(at.type, argument), at));
    case 'container':
      return asTyped(derivationValue(source.derive(argument), at));
    case 'argument':
      return (source.raw ? rawArgument : argumentText)(argument ?? '', at);
    default:
      return undefined;
  }

  function asTyped(value: PlainValue | undefined): PlainValue | undefined {
    return value?.kind === 'integer' ? { ...value, value: asType(value.value, type) } : value;
  }
}
