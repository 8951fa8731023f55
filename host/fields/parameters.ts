// evt.arg, evt.rawarg and evt.args: an event's parameters, raw and as Falco shows them (`fd=3(<f>/etc/passwd)`).

import type { EventType } from '../schema/events/index.ts';
import type { Parameter } from '../schema/types.ts';
import type { ReadContext } from './context.ts';
import { type ParameterValue, readParameter } from './parameter-value.ts';
import type { EventRecord } from './record.ts';
import { integerText, NOT_AVAILABLE, valueText } from './text.ts';
import { type Absent, concatenate, encode, type FieldValue, text } from './value.ts';

const NO_DATA = encode('NULL');

/** By name or, all digits, by position from 0. */
export function findParameter(type: EventType, argument: string): Parameter | undefined {
  if (/^\d+$/.test(argument)) return type.parameters[Number(argument)];
  return type.parameters.find((parameter) => parameter.name === argument);
}

/** evt.rawarg: the parameter in its own type. */
export function rawParameter(event: EventRecord, argument: string, context: ReadContext): FieldValue | Absent {
  const parameter = findParameter(event.type, argument);
  // Falco has no comparable form of an address; it is absent raw.
  if (!parameter || parameter.type === 'SOCKADDR' || parameter.type === 'SOCKTUPLE') return undefined;
  const value = readParameter(event, parameter, context)?.raw;
  return value?.kind === 'integer' && parameter.type.startsWith('FLAGS') ? { ...value, base: 16 } : value;
}

/** evt.arg: the parameter's meaning as text. */
export function parameterText(event: EventRecord, argument: string, context: ReadContext): FieldValue | Absent {
  const parameter = findParameter(event.type, argument);
  const value = parameter && readParameter(event, parameter, context);
  return value && text(value.meaning ?? shownText(value));
}

/** evt.args: every parameter as `name=raw(meaning)`. */
export function allParameters(event: EventRecord, context: ReadContext): FieldValue {
  const shown = event.type.parameters.map((parameter) => {
    const name = encode(`${parameter.name}=`);
    const value = readParameter(event, parameter, context);
    if (!value) return concatenate([name, encode(NOT_AVAILABLE)]);
    const meaning = value.meaning ? [encode('('), value.meaning, encode(')')] : [];
    return concatenate([name, shownText(value), ...meaning]);
  });
  return text(concatenate(shown, ' '));
}

/** Octal numbers carry a leading zero here, though not in evt.rawarg. */
function shownText({ raw, shown }: ParameterValue): Uint8Array {
  if (shown) return shown;
  if (raw.kind === 'integer' && raw.base === 8 && raw.value !== 0n) return encode(`0${integerText(raw.value, 8)}`);
  return raw.kind === 'buffer' && raw.bytes.length === 0 ? NO_DATA : valueText(raw);
}
