// Actions of databases: MongoDB, MySQL, PostgreSQL and Redis do what they have no need of.

import type { Action, Scene } from './action.ts';
import { OUTSIDE } from './addresses.ts';
import { AT_FDCWD } from './numbers.ts';
import {
  child,
  connects,
  IN_HOME,
  listen,
  opensPort,
  ROOT,
  type Server,
  startsProgram,
  UNUSUAL_PORT,
  writesFile,
} from './servers.ts';
import { create, type Step, str } from './steps.ts';

export const MONGODB: Server = { title: 'MongoDB', program: 'mongod' };
export const MYSQL: Server = { title: 'MySQL', program: 'mariadbd' };
export const POSTGRESQL: Server = { title: 'PostgreSQL', program: 'postgres' };
export const REDIS: Server = { title: 'Redis', program: 'redis-server' };

/** Makes a file under another name and renames it, as a snapshot is made. */
export const snapshot =
  (name: string) =>
  ({ directory }: Scene): Step[] => [
    ...create(`${directory}/temp-1.rdb`),
    ['renameat', AT_FDCWD, str(`${directory}/temp-1.rdb`), AT_FDCWD, str(`${directory}/${name}`)],
  ];

export const DATABASE_ACTIONS: readonly Action[] = [
  startsProgram(MONGODB, 'starts a program called id'),
  writesFile(MONGODB, 'writes a file in the home folder of root', IN_HOME, ROOT),
  connects(MONGODB, `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`, OUTSIDE, UNUSUAL_PORT),

  startsProgram(MYSQL, 'starts a shell', child('sh', '-c', 'id')),
  writesFile(MYSQL, 'writes a library', { steps: ({ directory }) => create(`${directory}/function.so`) }),
  connects(MYSQL, `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`, OUTSIDE, UNUSUAL_PORT),

  startsProgram(POSTGRESQL, 'starts a shell for COPY ... FROM PROGRAM', child('sh', '-c', 'id')),
  writesFile(POSTGRESQL, 'writes a file in the home folder of root', IN_HOME, ROOT),
  opensPort(POSTGRESQL, 'opens a port in a process of a session', [['@fork'], ...listen(UNUSUAL_PORT)]),
  connects(POSTGRESQL, `connects to ${OUTSIDE} at port 443`, OUTSIDE, 443),

  startsProgram(REDIS, 'starts a program called id'),
  writesFile(REDIS, 'makes a library of a snapshot', { steps: snapshot('module.so') }, ROOT),
  connects(REDIS, `connects to a primary at ${OUTSIDE}`, OUTSIDE, 6379),
];
