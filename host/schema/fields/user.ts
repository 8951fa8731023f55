// Fields of the user and the group that a process runs as.

import { always, compare, IMAGE, number, numberIf } from './derive.ts';
import type { Field } from './field.ts';

/** The kernel's number for no login; ids are unsigned. */
const UNSET = 0xffffffff;
const LOGIN = IMAGE.number('login_uid');

export const USER_FIELDS: readonly Field[] = [
  { name: 'user.uid', type: 'UINT32', description: 'Effective user id.', source: always(IMAGE.number('uid')) },
  {
    name: 'user.name',
    type: 'CHARBUF',
    description: 'Name of that user; the text <NA> if it has no name.',
    source: always(IMAGE.text('user_name')),
  },
  {
    name: 'user.homedir',
    type: 'CHARBUF',
    description: 'Home directory of that user in the passwd file of the host or the container; absent if not known.',
    source: always(IMAGE.text('user_home')),
  },
  {
    name: 'user.shell',
    type: 'CHARBUF',
    description: 'Login shell of that user, likewise.',
    source: always(IMAGE.text('user_shell')),
  },
  {
    name: 'user.loginuid',
    type: 'INT64',
    description: 'User id of the login (audit); -1 if there was none.',
    source: always(numberIf(compare(LOGIN, '==', UNSET), number(-1), LOGIN)),
  },
  {
    name: 'user.loginname',
    type: 'CHARBUF',
    description: 'Name of the login user; the text <NA> if it has no name.',
    source: always(IMAGE.text('login_name')),
  },
  { name: 'group.gid', type: 'UINT32', description: 'Effective group id.', source: always(IMAGE.number('gid')) },
  {
    name: 'group.name',
    type: 'CHARBUF',
    description: 'Name of that group; the text <NA> if it has no name.',
    source: always(IMAGE.text('group_name')),
  },
];
