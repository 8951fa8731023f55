// What comes close to the actions of host/generate/actions/databases.ts.

import type { Scene } from '../../host/generate/actions/action.ts';
import { INSIDE, OUTSIDE } from '../../host/generate/actions/addresses.ts';
import { MONGODB, MYSQL, POSTGRESQL, REDIS, snapshot } from '../../host/generate/actions/databases.ts';
import {
  asServer,
  child,
  connection,
  home,
  IN_HOME,
  listen,
  UNUSUAL_PORT,
} from '../../host/generate/actions/servers.ts';
import { become, create, makeDirectory, pretend, type Step, str } from '../../host/generate/actions/steps.ts';
import { type NearMisses, nearMiss } from './near-miss.ts';

const ARCHIVING = 'test ! -f /archive/000000010000000000000001 && cp pg_wal/000000010000000000000001 /archive/';

/** Writes where it works, as a server whose data is in a home folder does. */
const inOwnFolder = (scene: Scene): Step[] => [
  makeDirectory(home(scene)),
  ['chdir', str(home(scene))],
  ...create('table.ibd'),
];

export const DATABASE_NEAR_MISSES: NearMisses = {
  'mongodb-starts-program': [
    nearMiss('itself, as a daemon', asServer(MONGODB, child('mongod'))),
    nearMiss('another program starts it', child('id')),
  ],
  'mongodb-writes-out-of-place': [
    nearMiss(
      'a file of data elsewhere',
      asServer(MONGODB, ({ directory }) => create(`${directory}/collection.wt`)),
    ),
    nearMiss('another program writes there', IN_HOME.steps, IN_HOME.leaves),
  ],
  'mongodb-connects-to-unusual-peer': [
    nearMiss('a member of its replica set', connection(MONGODB, OUTSIDE, 27018)),
    nearMiss('in the local networks', connection(MONGODB, INSIDE, UNUSUAL_PORT)),
  ],
  'mysql-starts-program': [
    nearMiss('the script that copies the data of a cluster', asServer(MYSQL, child('wsrep_sst_rsync', '--role'))),
    nearMiss(
      'by a shell',
      asServer(MYSQL, child('sh', '-c', "wsrep_sst_mariabackup --role 'donor' --address '10.1.2.3'")),
    ),
  ],
  'mysql-writes-out-of-place': [
    nearMiss('its working directory, wherever it is', asServer(MYSQL, inOwnFolder), IN_HOME.leaves),
    nearMiss(
      'an export',
      asServer(MYSQL, ({ directory }) => create(`${directory}/out.csv`)),
    ),
  ],
  'mysql-connects-to-unusual-peer': [
    nearMiss('the server it replicates from', connection(MYSQL, OUTSIDE, 3306)),
    nearMiss('in the local networks', connection(MYSQL, INSIDE, UNUSUAL_PORT)),
  ],
  'postgresql-starts-program': [
    nearMiss('the shell that copies its log', asServer(POSTGRESQL, child('sh', '-c', ARCHIVING))),
    nearMiss(
      'the program that fetches it',
      asServer(POSTGRESQL, child('wal-g', 'wal-fetch', '000000010000000000000001', 'pg_wal/RECOVERYXLOG')),
    ),
  ],
  'postgresql-writes-out-of-place': [
    nearMiss('its working directory, wherever it is', asServer(POSTGRESQL, inOwnFolder), IN_HOME.leaves),
    nearMiss(
      'an export',
      asServer(POSTGRESQL, ({ directory }) => create(`${directory}/out.csv`)),
    ),
  ],
  'postgresql-opens-port': [
    nearMiss(
      'in the first process',
      asServer(POSTGRESQL, () => listen(0)),
    ),
  ],
  'postgresql-connects-to-unusual-peer': [
    nearMiss('a foreign server', connection(POSTGRESQL, OUTSIDE, 5432)),
    nearMiss('in the local networks', connection(POSTGRESQL, INSIDE, 443)),
  ],
  'redis-starts-program': [
    nearMiss('itself', asServer(REDIS, child('redis-server', '*:6379'))),
    nearMiss('a client starts it', ({ directory, marker }) => [
      become(directory, 'redis-cli'),
      pretend(directory, 'id', marker),
    ]),
  ],
  'redis-writes-out-of-place': [
    nearMiss('a snapshot', asServer(REDIS, snapshot('dump.rdb'))),
    nearMiss(
      'its configuration',
      asServer(REDIS, ({ marker }) => create(`/etc/redis.conf.${marker}`)),
      ({ marker }) => [`/etc/redis.conf.${marker}`],
    ),
  ],
  'redis-connects-to-unusual-peer': [nearMiss('a primary in the local networks', connection(REDIS, INSIDE, 6379))],
};
