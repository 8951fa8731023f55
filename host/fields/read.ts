// The value of any field of an event, by the schema's description of where it comes from.

import { callsIn, type Derivation, membersRead } from '../schema/fields/derivation.ts';
import type { Field, ProcfsFact } from '../schema/fields/field.ts';
import { OPERATORS } from '../schema/fields/operators.ts';
import { asInteger, integerFormat } from '../schema/integers.ts';
import { type ContainerMoment, readContainerField } from './container.ts';
import type { ReadContext } from './context.ts';
import { readDerivation } from './derived.ts';
import { entryField } from './entry-field.ts';
import type { Scope } from './operators.ts';
import { allParameters, parameterText, rawParameter } from './parameters.ts';
import { processFileField } from './procfs.ts';
import type { EventRecord } from './record.ts';
import { renderedField } from './rendered.ts';
import { type Absent, buffer, type FieldValue, integer, type SingleValue } from './value.ts';

/**
 * Reads a field as outputs have it.
 * @param argument as resolveField() splits it off: `proc.aname[2]` -> '2'
 * @returns undefined when the event has no such value. Both ends of a connection (fd.ip) are none: `<NA>`, as Falco prints
 */
export function readField(
  event: EventRecord,
  field: Field,
  argument: string | undefined,
  context: ReadContext,
): SingleValue | Absent {
  const value = readCompared(event, field, argument, context);
  return value?.kind === 'ends' ? undefined : value;
}

/** Reads a field as conditions compare it, which may be both ends of a connection. Otherwise as readField(). */
export function readCompared(
  event: EventRecord,
  field: Field,
  argument: string | undefined,
  context: ReadContext,
): FieldValue | Absent {
  const { source } = field;
  switch (source.from) {
    case 'record': {
      const value = recordValue(event, field, argument, context);
      return value ?? (source.orMachine ? machineValue(event, source.orMachine, argument, context) : undefined);
    }
    case 'container': {
      const container = event.image?.container;
      return container && readContainerField(field, argument, container, momentOf(event));
    }
    case 'argument':
      return (source.raw ? rawParameter : parameterText)(event, argument ?? '', scopeOf(event, context));
    case 'rendered':
      return renderedField(source.as, event, context, () => allParameters(event, scopeOf(event, context)));
    case 'procfs':
      return machineValue(event, source.as, argument, context);
    case 'entry':
      return event.image && entryField(source.fact, event.image, context);
    // The host adds it when the alert is sent.
    case 'session':
    // The field is of another source than the event's.
    case 'audit':
    case 'condition':
    case 'none':
      return undefined;
  }
}

/** The parts of an event that container fields need besides the container. */
export function momentOf(event: EventRecord): ContainerMoment {
  return { eventTime: event.time, namespaceStart: event.image?.big('pidns_start_time') ?? 0n };
}

function machineValue(
  event: EventRecord,
  fact: ProcfsFact,
  argument: string | undefined,
  { isLive }: ReadContext,
): FieldValue | Absent {
  return isLive ? processFileField(fact, argument, event) : undefined;
}

function recordValue(
  event: EventRecord,
  field: Field,
  argument: string | undefined,
  context: ReadContext,
): FieldValue | Absent {
  const { derivation, readsImage } = derivationOf(field, event, argument);
  if (readsImage && !event.image) return undefined;
  return asTyped(readDerivation(derivation, scopeOf(event, context), context.names), field, context);
}

function scopeOf(event: EventRecord, { base64Buffers }: ReadContext): Scope {
  const { image } = event;
  return { ...momentOf(event), event, image, container: image?.container, base64Buffers };
}

/** Numbers wrap at the size of the field's type, as constants in conditions do. */
function asTyped(value: FieldValue | Absent, { type, hexadecimal }: Field, context: ReadContext): FieldValue | Absent {
  if (value?.kind === 'text' && type === 'BYTEBUF') return buffer(value.bytes, context.base64Buffers);
  if (value?.kind !== 'integer') return value;
  const number = asInteger(value.value, type);
  return hexadecimal ? integer(BigInt.asUintN(integerFormat(type).bits, number), 16) : integer(number);
}

function readsImage(derivation: Derivation): boolean {
  return (
    membersRead(derivation).some(({ of }) => of === 'image') ||
    callsIn(derivation).some(({ operator }) => OPERATORS[operator].records.some((record) => record === 'image'))
  );
}

interface KnownDerivation {
  readonly derivation: Derivation;
  readonly readsImage: boolean;
}

/** Cached for each field, by event type and argument: rules name a bounded number of them. */
const DERIVATIONS = new WeakMap<Field, Map<string, KnownDerivation>>();
const ABSENT: KnownDerivation = { derivation: { node: 'absent' }, readsImage: false };

function derivationOf(field: Field, { type }: EventRecord, argument: string | undefined): KnownDerivation {
  if (field.source.from !== 'record') return ABSENT;
  const known = DERIVATIONS.get(field) ?? new Map<string, KnownDerivation>();
  DERIVATIONS.set(field, known);
  const key = `${type.name} ${argument ?? ''}`;
  const found = known.get(key);
  if (found) return found;
  const derivation = field.source.derive(type, argument);
  const made = { derivation, readsImage: readsImage(derivation) };
  known.set(key, made);
  return made;
}
