// evt.arg, evt.rawarg and evt.args: an event's parameters, raw and as Falco shows them (`fd=3(<f>/etc/passwd)`).

import type { EventType } from '../schema/events/index.ts';
import type { Derivation } from '../schema/fields/derivation.ts';
import { findParameter, type ParameterForms, parameterForms } from '../schema/fields/parameter.ts';
import { asInteger, integerFormat } from '../schema/integers.ts';
import type { Parameter } from '../schema/types.ts';
import { readDerivation } from './derived.ts';
import type { Scope } from './operators.ts';
import type { EventRecord } from './record.ts';
import { NOT_AVAILABLE, valueText } from './text.ts';
import { type Absent, buffer, concatenate, encode, type FieldValue, integer, text } from './value.ts';

/** evt.rawarg: the parameter in its own type. */
export function rawParameter({ type }: EventRecord, argument: string, scope: Scope): FieldValue | Absent {
  const parameter = findParameter(type, argument);
  const forms = parameter && formsIn(scope, type, parameter);
  const value = forms && readDerivation(forms.raw, scope);
  if (forms && value?.kind === 'integer') return rawNumber(value.value, forms);
  return value?.kind === 'text' && parameter?.type === 'BYTEBUF' ? buffer(value.bytes, scope.base64Buffers) : value;
}

/** Hexadecimal without a sign. */
function rawNumber(value: bigint, { type, rawBase }: ParameterForms): FieldValue {
  const number = asInteger(value, type);
  return integer(rawBase === 16 ? BigInt.asUintN(integerFormat(type).bits, number) : number, rawBase);
}

/** evt.arg: the parameter's meaning as text. */
export function parameterText({ type }: EventRecord, argument: string, scope: Scope): FieldValue | Absent {
  const parameter = findParameter(type, argument);
  const forms = parameter && formsIn(scope, type, parameter);
  return forms && readDerivation(forms.text, scope);
}

/** evt.args: every parameter as `name=raw(meaning)`. */
export function allParameters({ type }: EventRecord, scope: Scope): FieldValue {
  const shown = type.parameters.map((parameter) =>
    concatenate([encode(`${parameter.name}=`), withMeaning(formsIn(scope, type, parameter), scope)]),
  );
  return text(concatenate(shown, ' '));
}

function withMeaning(forms: ParameterForms | undefined, scope: Scope): Uint8Array {
  const shown = forms && textOf(forms.shown, scope);
  if (!shown) return encode(NOT_AVAILABLE);
  const meaning = forms.text === forms.shown ? undefined : textOf(forms.text, scope);
  if (!meaning || Buffer.compare(meaning, shown) === 0) return shown;
  return concatenate([shown, encode('('), meaning, encode(')')]);
}

function textOf(derivation: Derivation, scope: Scope): Uint8Array | undefined {
  const value = readDerivation(derivation, scope);
  return value && valueText(value);
}

/** Undefined if the parameter is not captured, or of a process that is not known. */
function formsIn({ image }: Scope, type: EventType, parameter: Parameter): ParameterForms | undefined {
  const forms = formsOf(type, parameter);
  return forms?.ofImage && !image ? undefined : forms;
}

/** Event types share rows, but not what follows from them. */
const FORMS = new WeakMap<EventType, Map<Parameter, ParameterForms | undefined>>();

function formsOf(type: EventType, parameter: Parameter): ParameterForms | undefined {
  const known = FORMS.get(type) ?? new Map<Parameter, ParameterForms | undefined>();
  FORMS.set(type, known);
  if (!known.has(parameter)) known.set(parameter, parameterForms(type, parameter));
  return known.get(parameter);
}
