// Counting fields: 1 for events of a kind, to be summed up. Also fields that Falco lists but can't filter by.

import { ABSENT } from './derivation.ts';
import { always, derived, either, number } from './derive.ts';
import type { Field, FieldSource } from './field.ts';
import { FAILED } from './of-event.ts';
import { TABLE_ONLY, unavailable } from './unavailable.ts';

const ONE = number(1);
const ONE_IF_FAILED = either(FAILED, ONE, number(0));

/** 1 on a failed call of these categories, 0 on one that did not fail, absent on calls of others. */
function errorsOf(...categories: readonly string[]): FieldSource {
  return derived(({ category }) => (categories.includes(category) ? ONE_IF_FAILED : ABSENT));
}

export const COUNT_FIELDS: readonly Field[] = [
  { name: 'evt.count', type: 'UINT32', description: 'Always 1.', source: always(ONE) },
  {
    name: 'evt.count.error',
    type: 'UINT32',
    description: '1 if the call failed.',
    source: always(ONE_IF_FAILED),
  },
  {
    name: 'evt.count.error.file',
    type: 'UINT32',
    description: '1 if a call on a file failed.',
    source: errorsOf('file'),
  },
  {
    name: 'evt.count.error.net',
    type: 'UINT32',
    description: '1 if a call on a socket failed.',
    source: errorsOf('net'),
  },
  {
    name: 'evt.count.error.memory',
    type: 'UINT32',
    description: '1 if a call on memory failed.',
    source: errorsOf('memory'),
  },
  {
    name: 'evt.count.error.other',
    type: 'UINT32',
    description: '1 if a call of another kind failed.',
    source: errorsOf('process', 'user', 'IPC', 'system', 'other'),
  },
  {
    name: 'evt.count.exit',
    type: 'UINT32',
    description: '1 for exit events.',
    source: always(ONE),
  },
  ...[
    ['evt.count.procinfo', 'UINT32'],
    ['evt.count.threadinfo', 'UINT32'],
    ['evt.buflen.in', 'UINT64'],
    ['evt.buflen.out', 'UINT64'],
    ['evt.buflen.file', 'UINT64'],
    ['evt.buflen.file.in', 'UINT64'],
    ['evt.buflen.file.out', 'UINT64'],
    ['evt.buflen.net', 'UINT64'],
    ['evt.buflen.net.in', 'UINT64'],
    ['evt.buflen.net.out', 'UINT64'],
    ['evt.infra.docker.name', 'CHARBUF'],
    ['evt.infra.docker.container.id', 'CHARBUF'],
    ['evt.infra.docker.container.name', 'CHARBUF'],
    ['evt.infra.docker.container.image', 'CHARBUF'],
  ].map(
    ([name, type]): Field => ({
      name: name as string,
      type: type as Field['type'],
      description: 'Listed by Falco; conditions and outputs may not use it.',
      source: TABLE_ONLY,
      tableOnly: true,
    }),
  ),
  {
    name: 'util.cnt',
    type: 'UINT64',
    description: 'Counts how often the field was read.',
    source: unavailable('how often it was read is not a property of the event'),
  },
];
