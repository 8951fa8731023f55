// Actions of databases: MongoDB, MySQL, PostgreSQL and Redis do what they have no need of.

import type { Action, Scene } from './action.ts';
import { INSIDE, OUTSIDE } from './addresses.ts';
import { AT_FDCWD } from './numbers.ts';
import {
  asServer,
  child,
  connection,
  connects,
  home,
  IN_HOME,
  listen,
  nearMiss,
  opensPort,
  ROOT,
  type Server,
  startsProgram,
  UNUSUAL_PORT,
  writesFile,
} from './servers.ts';
import { become, create, makeDirectory, pretend, type Step, str } from './steps.ts';

const MONGODB: Server = { title: 'MongoDB', program: 'mongod' };
const MYSQL: Server = { title: 'MySQL', program: 'mariadbd' };
const POSTGRESQL: Server = { title: 'PostgreSQL', program: 'postgres' };
const REDIS: Server = { title: 'Redis', program: 'redis-server' };

const ARCHIVING = 'test ! -f /archive/000000010000000000000001 && cp pg_wal/000000010000000000000001 /archive/';

/** Writes where it works, as a server whose data is in a home folder does. */
const inOwnFolder = (scene: Scene): Step[] => [
  makeDirectory(home(scene)),
  ['chdir', str(home(scene))],
  ...create('table.ibd'),
];

/** Makes a file under another name and renames it, as a snapshot is made. */
const snapshot =
  (name: string) =>
  ({ directory }: Scene): Step[] => [
    ...create(`${directory}/temp-1.rdb`),
    ['renameat', AT_FDCWD, str(`${directory}/temp-1.rdb`), AT_FDCWD, str(`${directory}/${name}`)],
  ];

export const DATABASE_ACTIONS: readonly Action[] = [
  startsProgram(MONGODB, {
    does: 'starts a program called id',
    nearMisses: [
      nearMiss('itself, as a daemon', asServer(MONGODB, child('mongod'))),
      nearMiss('another program starts it', child('id')),
    ],
  }),
  writesFile(
    MONGODB,
    {
      does: 'writes a file in the home folder of root',
      nearMisses: [
        nearMiss(
          'a file of data elsewhere',
          asServer(MONGODB, ({ directory }) => create(`${directory}/collection.wt`)),
        ),
        nearMiss('another program writes there', IN_HOME.steps, IN_HOME.leaves),
      ],
    },
    IN_HOME,
    ROOT,
  ),
  connects(
    MONGODB,
    {
      does: `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`,
      nearMisses: [
        nearMiss('a member of its replica set', connection(MONGODB, OUTSIDE, 27018)),
        nearMiss('in the local networks', connection(MONGODB, INSIDE, UNUSUAL_PORT)),
      ],
    },
    OUTSIDE,
    UNUSUAL_PORT,
  ),

  startsProgram(
    MYSQL,
    {
      does: 'starts a shell',
      nearMisses: [
        nearMiss('the script that copies the data of a cluster', asServer(MYSQL, child('wsrep_sst_rsync', '--role'))),
        nearMiss(
          'by a shell',
          asServer(MYSQL, child('sh', '-c', "wsrep_sst_mariabackup --role 'donor' --address '10.1.2.3'")),
        ),
      ],
    },
    child('sh', '-c', 'id'),
  ),
  writesFile(
    MYSQL,
    {
      does: 'writes a library',
      nearMisses: [
        nearMiss('its working directory, wherever it is', asServer(MYSQL, inOwnFolder), IN_HOME.leaves),
        nearMiss(
          'an export',
          asServer(MYSQL, ({ directory }) => create(`${directory}/out.csv`)),
        ),
      ],
    },
    { steps: ({ directory }) => create(`${directory}/function.so`) },
  ),
  connects(
    MYSQL,
    {
      does: `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`,
      nearMisses: [
        nearMiss('the server it replicates from', connection(MYSQL, OUTSIDE, 3306)),
        nearMiss('in the local networks', connection(MYSQL, INSIDE, UNUSUAL_PORT)),
      ],
    },
    OUTSIDE,
    UNUSUAL_PORT,
  ),

  startsProgram(
    POSTGRESQL,
    {
      does: 'starts a shell for COPY ... FROM PROGRAM',
      nearMisses: [
        nearMiss('the shell that copies its log', asServer(POSTGRESQL, child('sh', '-c', ARCHIVING))),
        nearMiss(
          'the program that fetches it',
          asServer(POSTGRESQL, child('wal-g', 'wal-fetch', '000000010000000000000001', 'pg_wal/RECOVERYXLOG')),
        ),
      ],
    },
    child('sh', '-c', 'id'),
  ),
  writesFile(
    POSTGRESQL,
    {
      does: 'writes a file in the home folder of root',
      nearMisses: [
        nearMiss('its working directory, wherever it is', asServer(POSTGRESQL, inOwnFolder), IN_HOME.leaves),
        nearMiss(
          'an export',
          asServer(POSTGRESQL, ({ directory }) => create(`${directory}/out.csv`)),
        ),
      ],
    },
    IN_HOME,
    ROOT,
  ),
  opensPort(
    POSTGRESQL,
    {
      does: 'opens a port in a process of a session',
      nearMisses: [
        nearMiss(
          'in the first process',
          asServer(POSTGRESQL, () => listen(0)),
        ),
      ],
    },
    [['@fork'], ...listen(UNUSUAL_PORT)],
  ),
  connects(
    POSTGRESQL,
    {
      does: `connects to ${OUTSIDE} at port 443`,
      nearMisses: [
        nearMiss('a foreign server', connection(POSTGRESQL, OUTSIDE, 5432)),
        nearMiss('in the local networks', connection(POSTGRESQL, INSIDE, 443)),
      ],
    },
    OUTSIDE,
    443,
  ),

  startsProgram(REDIS, {
    does: 'starts a program called id',
    nearMisses: [
      nearMiss('itself', asServer(REDIS, child('redis-server', '*:6379'))),
      nearMiss('a client starts it', ({ directory, marker }) => [
        become(directory, 'redis-cli'),
        pretend(directory, 'id', marker),
      ]),
    ],
  }),
  writesFile(
    REDIS,
    {
      does: 'makes a library of a snapshot',
      nearMisses: [
        nearMiss('a snapshot', asServer(REDIS, snapshot('dump.rdb'))),
        nearMiss(
          'its configuration',
          asServer(REDIS, ({ marker }) => create(`/etc/redis.conf.${marker}`)),
          ({ marker }) => [`/etc/redis.conf.${marker}`],
        ),
      ],
    },
    { steps: snapshot('module.so') },
    ROOT,
  ),
  connects(
    REDIS,
    {
      does: `connects to a primary at ${OUTSIDE}`,
      nearMisses: [nearMiss('a primary in the local networks', connection(REDIS, INSIDE, 6379))],
    },
    OUTSIDE,
    6379,
  ),
];
