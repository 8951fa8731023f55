// Fields that exist as output only: times in words, all arguments in one text, and the like.

import type { ReadContext } from './context.ts';
import { descriptorOf } from './descriptor.ts';
import { directoryPart } from './path.ts';
import type { EventRecord } from './record.ts';
import { dateTime, dateTimeSeconds, iso8601, timeOfDay, timeOfDaySeconds } from './time.ts';
import { type Absent, concatenate, encode, type FieldValue, integer, text } from './value.ts';

const SECOND = 1_000_000_000n;

/** `parameters` renders evt.args. Undefined for a name that is not rendered. */
export function renderedField(
  name: string,
  event: EventRecord,
  context: ReadContext,
  parameters: (event: EventRecord, context: ReadContext) => FieldValue,
): FieldValue | Absent {
  const { time } = event;
  switch (name) {
    case 'evt.time':
      return moment(time, timeOfDay(time));
    case 'evt.time.s':
      return moment(time, timeOfDaySeconds(time));
    case 'evt.time.iso8601':
      return moment(time, iso8601(time));
    case 'evt.datetime':
      return moment(time, dateTime(time));
    case 'evt.datetime.s':
      return moment(time, dateTimeSeconds(time));
    case 'evt.outputtime':
      return moment(time, context.isoTime ? iso8601(time) : timeOfDay(time));
    case 'evt.reltime':
      return integer(sinceStart(time, context));
    case 'evt.reltime.s':
      return integer(sinceStart(time, context) / SECOND);
    case 'evt.reltime.ns':
      return integer(sinceStart(time, context) % SECOND);
    case 'evt.hostname':
      return text(context.hostname);
    case 'evt.args':
    case 'evt.info':
      return parameters(event, context);
    case 'thread.cgroups':
      return optional(event.image?.bytes('cgroup'));
    case 'fd.uid':
      return descriptorOf(event) && text(`${event.number('tid')}${event.number('fd')}`);
    case 'fd.containername':
      return withContainer(event, descriptorOf(event)?.name);
    case 'fd.containerdirectory':
      return withContainer(event, directoryOf(event));
    default:
      return undefined;
  }
}

function moment(nanoseconds: bigint, shown: string): FieldValue {
  return { kind: 'time', nanoseconds, text: shown };
}

/** Events of different CPUs come in no strict order: one before the first counts as its equal. */
function sinceStart(time: bigint, { sessionStart }: ReadContext): bigint {
  return time > sessionStart ? time - sessionStart : 0n;
}

function optional(bytes: Uint8Array | undefined): FieldValue | Absent {
  return bytes && text(bytes);
}

function directoryOf(event: EventRecord): Uint8Array | undefined {
  const descriptor = descriptorOf(event);
  if (descriptor?.kind === 'd') return descriptor.name;
  return descriptor?.kind === 'f' ? directoryPart(descriptor.name) : undefined;
}

function withContainer(event: EventRecord, what: Uint8Array | undefined): FieldValue | Absent {
  return what && text(concatenate([event.image?.container?.bytes('id') ?? encode(''), what], ':'));
}
