// Fields of the paths that a call acts on, whatever it calls its arguments; and of the descriptors a poll waits for.

import type { Field } from '../types.ts';
import { computed } from './computed.ts';
import { unavailable } from './unavailable.ts';

const NO_WAITING = unavailable('calls that wait for descriptors (poll, select) are not captured');

export const PATH_FIELDS: readonly Field[] = [
  {
    name: 'fs.path.name',
    type: 'CHARBUF',
    description: 'Absolute path of a successful call on one path.',
    source: computed('fs.path.name'),
  },
  {
    name: 'fs.path.nameraw',
    type: 'CHARBUF',
    description: 'The same as it was passed.',
    source: computed('fs.path.nameraw'),
  },
  {
    name: 'fs.path.source',
    type: 'CHARBUF',
    description: 'rename: old path; link, symlink: path of the new link; mount: device.',
    source: computed('fs.path.source'),
  },
  {
    name: 'fs.path.sourceraw',
    type: 'CHARBUF',
    description: 'The same as it was passed.',
    source: computed('fs.path.sourceraw'),
  },
  {
    name: 'fs.path.target',
    type: 'CHARBUF',
    description: 'rename: new path; link: existing path; symlink: what the link says; mount: mount point.',
    source: computed('fs.path.target'),
  },
  {
    name: 'fs.path.targetraw',
    type: 'CHARBUF',
    description: 'The same as it was passed.',
    source: computed('fs.path.targetraw'),
  },
  {
    name: 'fdlist.nums',
    type: 'CHARBUF',
    description: 'Descriptors waited for, separated by commas.',
    source: NO_WAITING,
  },
  { name: 'fdlist.names', type: 'CHARBUF', description: 'Their names.', source: NO_WAITING },
  { name: 'fdlist.cips', type: 'CHARBUF', description: 'Their client addresses.', source: NO_WAITING },
  { name: 'fdlist.sips', type: 'CHARBUF', description: 'Their server addresses.', source: NO_WAITING },
  { name: 'fdlist.cports', type: 'CHARBUF', description: 'Their client ports.', source: NO_WAITING },
  { name: 'fdlist.sports', type: 'CHARBUF', description: 'Their server ports.', source: NO_WAITING },
];
