// Fields of the user and the group that a process runs as.

import type { Field } from '../types.ts';
import { computed } from './computed.ts';

export const USER_FIELDS: readonly Field[] = [
  { name: 'user.uid', type: 'UINT32', description: 'Effective user id.', source: { from: 'image', member: 'uid' } },
  {
    name: 'user.name',
    type: 'CHARBUF',
    description: 'Name of that user; the text <NA> if it has none.',
    source: { from: 'image', member: 'user_name' },
  },
  {
    name: 'user.homedir',
    type: 'CHARBUF',
    description: 'Home directory of a user of the host; absent in containers.',
    source: { from: 'procfs' },
  },
  {
    name: 'user.shell',
    type: 'CHARBUF',
    description: 'Login shell of a user of the host; absent in containers.',
    source: { from: 'procfs' },
  },
  {
    name: 'user.loginuid',
    type: 'INT64',
    description: 'User id of the login (audit); -1 if there was none.',
    source: computed('user.loginuid'),
  },
  {
    name: 'user.loginname',
    type: 'CHARBUF',
    description: 'Name of the user of the login; the text <NA> if it has none.',
    source: { from: 'image', member: 'login_name' },
  },
  { name: 'group.gid', type: 'UINT32', description: 'Effective group id.', source: { from: 'image', member: 'gid' } },
  {
    name: 'group.name',
    type: 'CHARBUF',
    description: 'Name of that group; the text <NA> if it has none.',
    source: { from: 'image', member: 'group_name' },
  },
];
