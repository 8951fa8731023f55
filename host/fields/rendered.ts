// Fields for output only: formatted times, all arguments in one text, and the like.

import type { ReadContext } from './context.ts';
import { dateTime, dateTimeSeconds, iso8601, timeOfDay, timeOfDaySeconds } from './time.ts';
import { type Absent, type FieldValue, integer, text } from './value.ts';

const SECOND = 1_000_000_000n;

/** `parameters` renders evt.args. Undefined for a name that is not rendered. */
export function renderedField<Event extends { readonly time: bigint }>(
  name: string,
  event: Event,
  context: ReadContext,
  parameters: (event: Event, context: ReadContext) => FieldValue | Absent,
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
