// Actions of nginx, Elasticsearch, Kafka and RabbitMQ, which do what they have no need of.

import type { Action, Scene } from './action.ts';
import { CLOUD_METADATA, INSIDE, OUTSIDE } from './addresses.ts';
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
import { become, create, list, makeDirectory, pretend, type Step, str } from './steps.ts';

const NGINX: Server = { title: 'nginx', program: 'nginx' };
const ELASTICSEARCH: Server = {
  title: 'Elasticsearch',
  program: 'java',
  words: '-Des.networkaddress.cache.ttl=60 org.elasticsearch.bootstrap.Elasticsearch',
};
const KAFKA: Server = { title: 'Kafka', program: 'java', words: '-Xlog:gc*:file=/var/log/kafka/kafkaServer-gc.log' };
const RABBITMQ: Server = { title: 'RabbitMQ', program: 'beam.smp', words: '-noinput -s rabbit boot -boot start_sasl' };
const KAFKA_CONNECT: Server = {
  title: 'Kafka',
  program: 'java',
  words: 'org.apache.kafka.connect.cli.ConnectDistributed',
};

const NOBODY = 65534;

/** The runtime of Erlang starts all programs by a child. */
const byRuntime =
  (...steps: readonly Step[]) =>
  ({ directory }: Scene): Step[] => [['@fork'], become(directory, 'erl_child_setup'), ...steps];

/** Of that child's, a shell takes commands on its input. */
const byShellOfRuntime =
  (program: string, ...words: readonly string[]) =>
  (scene: Scene) =>
    byRuntime(['@fork'], become(scene.directory, 'sh'), ...child(program, ...words)(scene))(scene);

/** A child tries to start a program; one that it may not start is refused as by a filter of system calls. */
const tries =
  (program: 'forbidden' | 'absent') =>
  ({ directory, marker }: Scene): Step[] => [
    ...create(`${directory}/forbidden`, 'no program\n', 0o600),
    ['@fork'],
    ['execve', str(`${directory}/${program}`), list(program, marker), 'null'],
  ];

const logFile = (scene: Scene): Step[] => [
  makeDirectory(home(scene)),
  makeDirectory(`${home(scene)}/logs`),
  ...create(`${home(scene)}/logs/access`),
];

export const WEB_SERVER_AND_BROKER_ACTIONS: readonly Action[] = [
  startsProgram(
    NGINX,
    {
      does: 'starts a shell',
      nearMisses: [
        nearMiss('a new nginx, as when it is upgraded', asServer(NGINX, child('nginx', '-g', 'daemon off;'))),
        nearMiss('the server of scripts beside it starts one', ({ directory, marker }) => [
          become(directory, 'fcgiwrap'),
          pretend(directory, 'sh', '-c', 'id', marker),
        ]),
      ],
    },
    child('sh', '-c', 'id'),
  ),
  writesFile(
    NGINX,
    {
      does: 'writes a file in the home folder of root',
      nearMisses: [nearMiss("a web site's log, wherever it is", asServer(NGINX, logFile), IN_HOME.leaves)],
    },
    IN_HOME,
    ROOT,
  ),
  opensPort(
    NGINX,
    {
      does: 'opens a port in a worker',
      nearMisses: [
        nearMiss(
          'in the first process',
          asServer(NGINX, () => listen(0)),
        ),
        nearMiss(
          'in the first process, in the background',
          asServer(NGINX, () => [['@fork'], ...listen(0)]),
        ),
      ],
    },
    [['@fork'], ['@user', NOBODY], ...listen(UNUSUAL_PORT)],
  ),
  connects(
    NGINX,
    {
      does: 'asks for the credentials of a machine of the cloud',
      nearMisses: [
        nearMiss('a server behind it', connection(NGINX, INSIDE, UNUSUAL_PORT)),
        nearMiss('a web server outside', connection(NGINX, OUTSIDE, 443)),
      ],
    },
    CLOUD_METADATA,
    80,
  ),

  startsProgram(ELASTICSEARCH, {
    does: 'starts a program called id',
    nearMisses: [
      nearMiss('the controller of machine learning', asServer(ELASTICSEARCH, child('controller'))),
      nearMiss('another program of java starts it', asServer(KAFKA_CONNECT, child('id'))),
    ],
  }),
  {
    ...startsProgram(
      ELASTICSEARCH,
      {
        does: 'tries to start a program that it may not run',
        nearMisses: [
          { what: 'one that is not there', steps: asServer(ELASTICSEARCH, tries('absent')), mayBeRefused: true },
          {
            what: 'another program of java tries',
            steps: asServer(KAFKA_CONNECT, tries('forbidden')),
            mayBeRefused: true,
          },
        ],
      },
      tries('forbidden'),
    ),
    name: 'elasticsearch-tries-program',
  },
  writesFile(
    ELASTICSEARCH,
    {
      does: 'writes a file in the home folder of root',
      nearMisses: [
        nearMiss(
          'a native library among its temporary files',
          asServer(ELASTICSEARCH, ({ directory }) => create(`${directory}/libjna.so`)),
        ),
      ],
    },
    IN_HOME,
    ROOT,
  ),
  connects(
    ELASTICSEARCH,
    {
      does: `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`,
      nearMisses: [
        nearMiss('a remote cluster', connection(ELASTICSEARCH, OUTSIDE, 9300)),
        nearMiss('the metadata of the cloud, to find other nodes', connection(ELASTICSEARCH, CLOUD_METADATA, 80)),
      ],
    },
    OUTSIDE,
    UNUSUAL_PORT,
  ),

  startsProgram(KAFKA, {
    does: 'starts a program called id',
    nearMisses: [
      nearMiss('kinit, to renew its ticket', asServer(KAFKA, child('kinit', '-R'))),
      nearMiss('a worker of Kafka Connect starts it', asServer(KAFKA_CONNECT, child('id'))),
    ],
  }),
  writesFile(
    KAFKA,
    {
      does: 'writes a file in the home folder of root',
      nearMisses: [
        nearMiss(
          'a library for compression among its temporary files',
          asServer(KAFKA, ({ directory }) => create(`${directory}/libzstd-jni.so`)),
        ),
      ],
    },
    IN_HOME,
    ROOT,
  ),
  connects(
    KAFKA,
    {
      does: `connects to ${OUTSIDE} at port 1389, as for a class by LDAP`,
      nearMisses: [
        nearMiss('another broker', connection(KAFKA, OUTSIDE, 9092)),
        nearMiss('a worker of Kafka Connect connects', connection(KAFKA_CONNECT, OUTSIDE, 1389)),
      ],
    },
    OUTSIDE,
    1389,
  ),

  startsProgram(
    RABBITMQ,
    {
      does: 'starts a program called id for a client with the cookie of its cluster',
      nearMisses: [
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
    },
    byShellOfRuntime('id'),
  ),
  writesFile(
    RABBITMQ,
    {
      does: 'writes a file in the home folder of root',
      nearMisses: [
        nearMiss(
          'a message store elsewhere',
          asServer(RABBITMQ, ({ directory }) => create(`${directory}/0.rdq`)),
        ),
      ],
    },
    IN_HOME,
    ROOT,
  ),
  connects(
    RABBITMQ,
    {
      does: `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`,
      nearMisses: [
        nearMiss('a broker it takes messages from', connection(RABBITMQ, OUTSIDE, 5671)),
        nearMiss('a member of its cluster', connection(RABBITMQ, OUTSIDE, 25672)),
      ],
    },
    OUTSIDE,
    UNUSUAL_PORT,
  ),
];
