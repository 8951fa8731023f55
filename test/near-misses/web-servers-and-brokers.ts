// What comes close to the actions of host/generate/actions/web-servers-and-brokers.ts.

import type { Scene } from '../../host/generate/actions/action.ts';
import { CLOUD_METADATA, INSIDE, OUTSIDE } from '../../host/generate/actions/addresses.ts';
import {
  asServer,
  child,
  connection,
  home,
  IN_HOME,
  listen,
  type Server,
  UNUSUAL_PORT,
} from '../../host/generate/actions/servers.ts';
import { become, create, makeDirectory, pretend, type Step } from '../../host/generate/actions/steps.ts';
import {
  byRuntime,
  byShellOfRuntime,
  ELASTICSEARCH,
  KAFKA,
  NGINX,
  RABBITMQ,
  tries,
} from '../../host/generate/actions/web-servers-and-brokers.ts';
import { type NearMisses, nearMiss } from './near-miss.ts';

const KAFKA_CONNECT: Server = {
  title: 'Kafka',
  program: 'java',
  words: 'org.apache.kafka.connect.cli.ConnectDistributed',
};

const logFile = (scene: Scene): Step[] => [
  makeDirectory(home(scene)),
  makeDirectory(`${home(scene)}/logs`),
  ...create(`${home(scene)}/logs/access`),
];

export const WEB_SERVER_AND_BROKER_NEAR_MISSES: NearMisses = {
  'nginx-starts-program': [
    nearMiss('a new nginx, as when it is upgraded', asServer(NGINX, child('nginx', '-g', 'daemon off;'))),
    nearMiss('the server of scripts beside it starts one', ({ directory, marker }) => [
      become(directory, 'fcgiwrap'),
      pretend(directory, 'sh', '-c', 'id', marker),
    ]),
  ],
  'nginx-writes-out-of-place': [nearMiss("a web site's log, wherever it is", asServer(NGINX, logFile), IN_HOME.leaves)],
  'nginx-opens-port': [
    nearMiss(
      'in the first process',
      asServer(NGINX, () => listen(0)),
    ),
    nearMiss(
      'in the first process, in the background',
      asServer(NGINX, () => [['@fork'], ...listen(0)]),
    ),
  ],
  'nginx-connects-to-unusual-peer': [
    nearMiss('a server behind it', connection(NGINX, INSIDE, UNUSUAL_PORT)),
    nearMiss('a web server outside', connection(NGINX, OUTSIDE, 443)),
  ],
  'elasticsearch-starts-program': [
    nearMiss('the controller of machine learning', asServer(ELASTICSEARCH, child('controller'))),
    nearMiss('another program of java starts it', asServer(KAFKA_CONNECT, child('id'))),
  ],
  'elasticsearch-tries-program': [
    { what: 'one that is not there', steps: asServer(ELASTICSEARCH, tries('absent')), mayBeRefused: true },
    {
      what: 'another program of java tries',
      steps: asServer(KAFKA_CONNECT, tries('forbidden')),
      mayBeRefused: true,
    },
  ],
  'elasticsearch-writes-out-of-place': [
    nearMiss(
      'a native library among its temporary files',
      asServer(ELASTICSEARCH, ({ directory }) => create(`${directory}/libjna.so`)),
    ),
  ],
  'elasticsearch-connects-to-unusual-peer': [
    nearMiss('a remote cluster', connection(ELASTICSEARCH, OUTSIDE, 9300)),
    nearMiss('the metadata of the cloud, to find other nodes', connection(ELASTICSEARCH, CLOUD_METADATA, 80)),
  ],
  'kafka-starts-program': [
    nearMiss('kinit, to renew its ticket', asServer(KAFKA, child('kinit', '-R'))),
    nearMiss('a worker of Kafka Connect starts it', asServer(KAFKA_CONNECT, child('id'))),
  ],
  'kafka-writes-out-of-place': [
    nearMiss(
      'a library for compression among its temporary files',
      asServer(KAFKA, ({ directory }) => create(`${directory}/libzstd-jni.so`)),
    ),
  ],
  'kafka-connects-to-unusual-peer': [
    nearMiss('another broker', connection(KAFKA, OUTSIDE, 9092)),
    nearMiss('a worker of Kafka Connect connects', connection(KAFKA_CONNECT, OUTSIDE, 1389)),
  ],
  'rabbitmq-starts-program': [
    nearMiss('what asks about the disk', asServer(RABBITMQ, byShellOfRuntime('df', '-kP', '/var/lib/rabbitmq'))),
    nearMiss(
      'name servers are asked',
      asServer(RABBITMQ, (scene) => byRuntime(...child('inet_gethost', '4')(scene))(scene)),
    ),
    nearMiss(
      'another program of Erlang starts it',
      asServer({ ...RABBITMQ, words: '-s ejabberd' }, byShellOfRuntime('id')),
    ),
  ],
  'rabbitmq-writes-out-of-place': [
    nearMiss(
      'a message store elsewhere',
      asServer(RABBITMQ, ({ directory }) => create(`${directory}/0.rdq`)),
    ),
  ],
  'rabbitmq-connects-to-unusual-peer': [
    nearMiss('a broker it takes messages from', connection(RABBITMQ, OUTSIDE, 5671)),
    nearMiss('a member of its cluster', connection(RABBITMQ, OUTSIDE, 25672)),
  ],
};
