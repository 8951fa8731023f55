// The value of any field of an event, resolved through the schema's description of where it lives.

import type { Field, ValueType } from '../schema/types.ts';
import { EVT_FIELDS } from './computed/evt.ts';
import { FD_FIELDS } from './computed/fd.ts';
import { FS_PATH_FIELDS } from './computed/fs-path.ts';
import { argumentsOf, PROCESS_FIELDS } from './computed/process.ts';
import { type ContainerMoment, isContainerField, readContainerField } from './container.ts';
import type { ComputedFields, ReadContext } from './context.ts';
import type { MemberValue } from './memory.ts';
import { allParameters, parameterText, rawParameter } from './parameters.ts';
import { processFileField } from './procfs.ts';
import type { EventRecord, ImageRecord } from './record.ts';
import { renderedField } from './rendered.ts';
import { type Absent, boolean, buffer, concatenate, type FieldValue, findByKey, integer, text } from './value.ts';

const COMPUTED: ComputedFields = {
  ...EVT_FIELDS,
  ...FD_FIELDS,
  ...FS_PATH_FIELDS,
  ...PROCESS_FIELDS,
  procIsContainerHealthcheck: () => boolean(false),
  procIsContainerLivenessProbe: () => boolean(false),
  procIsContainerReadinessProbe: () => boolean(false),
};

/** Names of `computed` sources that are implemented, filter-only fields aside: the schema's names are held against it in a test. */
export function isComputed(name: string): boolean {
  return name in COMPUTED;
}

/**
 * Reads a field.
 * @param argument as resolveField() splits it off: `proc.aname[2]` -> '2'
 * @returns undefined when the event has no such value
 */
export function readField(
  event: EventRecord,
  field: Field,
  argument: string | undefined,
  context: ReadContext,
): FieldValue | Absent {
  const { source } = field;
  if (isContainerField(field)) return containerValue(event, field, argument);
  switch (source.from) {
    case 'event':
      return plain(event.value(source.member), field.type, context);
    case 'image':
      return imageValue(event.image?.ancestor(source.hops ?? 0), source, argument);
    case 'ancestor':
      return event.image && ancestorValue(event.image, source.member, argument);
    case 'computed':
      return COMPUTED[source.name]?.(event, argument, context);
    case 'argument':
      return (source.raw ? rawParameter : parameterText)(event, argument ?? '', context);
    case 'rendered':
      return renderedField(field.name, event, context, allParameters);
    case 'procfs':
      return context.isLive ? processFileField(field.name, argument, event) : undefined;
    case 'container':
    case 'none':
      return undefined;
  }
}

/** What container fields need of an event besides the container. */
export function momentOf(event: EventRecord): ContainerMoment {
  return { eventTime: event.time, namespaceStart: event.image?.big('pidns_start_time') ?? 0n };
}

function containerValue(event: EventRecord, field: Field, argument: string | undefined): FieldValue | Absent {
  const container = event.image?.container;
  return container && readContainerField(field, argument, container, momentOf(event));
}

function plain(value: MemberValue, type?: ValueType, context?: ReadContext): FieldValue | Absent {
  if (value === undefined) return undefined;
  if (!(value instanceof Uint8Array)) return integer(value);
  return type === 'BYTEBUF' ? buffer(value, context?.base64Buffers) : text(value);
}

function imageValue(
  image: ImageRecord | undefined,
  source: { readonly member: string; readonly zeroIsAbsent?: true },
  argument: string | undefined,
): FieldValue | Absent {
  if (!image) return undefined;
  if (argument !== undefined) return elementOf(image, source.member, argument);
  const value = plain(image.value(source.member));
  return source.zeroIsAbsent && value?.kind === 'integer' && value.value === 0n ? undefined : value;
}

/** proc.args[n], proc.env[NAME]: empty, not absent, when there is none. */
function elementOf(image: ImageRecord, member: string, argument: string): FieldValue {
  const empty = new Uint8Array(0);
  if (member === 'args') return text(argumentsOf(image)[Number(argument)] ?? empty);
  return text(findByKey(image.bytes('environment') ?? empty, argument) ?? empty);
}

/** Generations that proc.aenv[NAME] looks at, as Falco does. */
const ENVIRONMENT_GENERATIONS = 20;

function ancestorValue(image: ImageRecord, member: string, argument: string | undefined): FieldValue | Absent {
  if (argument === undefined) {
    // Without index Falco prints the process's own for these two, and all ancestors' joined for the rest.
    if (member === 'pid' || member === 'environment_text') return plain(image.value(member));
    const all = [...image.ancestors()].map((ancestor) => ancestor.bytes(member) ?? new Uint8Array(0));
    return text(concatenate(all, ' '));
  }
  if (/^-?\d+$/.test(argument)) return plain(image.ancestor(Number(argument))?.value(member));
  let generation = 0;
  for (const ancestor of image.ancestors()) {
    const found = findByKey(ancestor.bytes('environment') ?? new Uint8Array(0), argument);
    if (found) return text(found);
    if (++generation === ENVIRONMENT_GENERATIONS) break;
  }
  return undefined;
}
