// evt.*: when it happened.

import { always, HEADER, quotient, remainder } from './derive.ts';
import type { Field } from './field.ts';
import { unavailable } from './unavailable.ts';

const NO_PREDECESSOR = unavailable(
  'events of different CPUs are evaluated in no common order, so there is no previous event',
);

const SECOND = 1_000_000_000;
const TIME = HEADER.number('time');

export const TIME_FIELDS: readonly Field[] = [
  {
    name: 'evt.time',
    type: 'CHARBUF',
    description: 'Local time of day with nanoseconds.',
    source: { from: 'rendered', as: 'timeOfDay' },
  },
  {
    name: 'evt.time.s',
    type: 'CHARBUF',
    description: 'Local time of day in seconds.',
    source: { from: 'rendered', as: 'timeOfDaySeconds' },
  },
  {
    name: 'evt.time.iso8601',
    type: 'CHARBUF',
    description: 'Date and time in UTC, ISO 8601, with nanoseconds.',
    source: { from: 'rendered', as: 'iso8601' },
  },
  {
    name: 'evt.datetime',
    type: 'CHARBUF',
    description: 'Local date and time with nanoseconds.',
    source: { from: 'rendered', as: 'dateTime' },
  },
  {
    name: 'evt.datetime.s',
    type: 'CHARBUF',
    description: 'Local date and time in seconds.',
    source: { from: 'rendered', as: 'dateTimeSeconds' },
  },
  {
    name: 'evt.rawtime',
    type: 'ABSTIME',
    description: 'Nanoseconds since the epoch.',
    source: always(TIME),
  },
  {
    name: 'evt.rawtime.s',
    type: 'ABSTIME',
    description: 'Seconds part of evt.rawtime.',
    source: always(quotient(TIME, SECOND)),
  },
  {
    name: 'evt.rawtime.ns',
    type: 'ABSTIME',
    description: 'Fraction of evt.rawtime, in ns.',
    source: always(remainder(TIME, SECOND)),
  },
  {
    name: 'evt.reltime',
    type: 'RELTIME',
    description: 'Nanoseconds since the first event.',
    source: { from: 'rendered', as: 'sinceStart' },
  },
  {
    name: 'evt.reltime.s',
    type: 'RELTIME',
    description: 'Seconds part of evt.reltime.',
    source: { from: 'rendered', as: 'sinceStartSeconds' },
  },
  {
    name: 'evt.reltime.ns',
    type: 'RELTIME',
    description: 'Fraction of evt.reltime, in ns.',
    source: { from: 'rendered', as: 'sinceStartFraction' },
  },
  {
    name: 'evt.deltatime',
    type: 'RELTIME',
    description: 'Nanoseconds since the event before.',
    source: NO_PREDECESSOR,
  },
  { name: 'evt.deltatime.s', type: 'RELTIME', description: 'Seconds part of evt.deltatime.', source: NO_PREDECESSOR },
  {
    name: 'evt.deltatime.ns',
    type: 'RELTIME',
    description: 'Fraction of evt.deltatime, in ns.',
    source: NO_PREDECESSOR,
  },
  {
    name: 'evt.outputtime',
    type: 'CHARBUF',
    description: 'Time in the configured format of outputs.',
    source: { from: 'rendered', as: 'configuredTime' },
    printOnly: true,
  },
];
