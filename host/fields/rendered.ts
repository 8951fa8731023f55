// Fields for output only: formatted times, all arguments in one text, and the like.

import type { RenderedText } from '../schema/fields/field.ts';
import type { ReadContext } from './context.ts';
import { dateTime, dateTimeSeconds, iso8601, SECOND, timeOfDay, timeOfDaySeconds } from './time.ts';
import { type Absent, type FieldValue, integer, text } from './value.ts';

/** `parameters` renders all parameters in one text. */
export function renderedField<Event extends { readonly time: bigint }>(
  as: RenderedText,
  event: Event,
  context: ReadContext,
  parameters: (event: Event, context: ReadContext) => FieldValue | Absent,
): FieldValue | Absent {
  const { time } = event;
  switch (as) {
    case 'timeOfDay':
      return moment(time, timeOfDay(time));
    case 'timeOfDaySeconds':
      return moment(time, timeOfDaySeconds(time));
    case 'iso8601':
      return moment(time, iso8601(time));
    case 'dateTime':
      return moment(time, dateTime(time));
    case 'dateTimeSeconds':
      return moment(time, dateTimeSeconds(time));
    case 'configuredTime':
      return moment(time, context.isoTime ? iso8601(time) : timeOfDay(time));
    case 'sinceStart':
      return integer(sinceStart(time, context));
    case 'sinceStartSeconds':
      return integer(sinceStart(time, context) / SECOND);
    case 'sinceStartFraction':
      return integer(sinceStart(time, context) % SECOND);
    case 'hostname':
      return text(context.hostname);
    case 'parameters':
      return parameters(event, context);
    case 'constant':
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
