// Actions of nginx, Elasticsearch, Kafka and RabbitMQ, which do what they have no need of.

import type { Action, Scene } from './action.ts';
import { CLOUD_METADATA, OUTSIDE } from './addresses.ts';
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
import { become, create, list, type Step, str } from './steps.ts';

export const NGINX: Server = { title: 'nginx', program: 'nginx' };
export const ELASTICSEARCH: Server = {
  title: 'Elasticsearch',
  program: 'java',
  words: '-Des.networkaddress.cache.ttl=60 org.elasticsearch.bootstrap.Elasticsearch',
};
export const KAFKA: Server = {
  title: 'Kafka',
  program: 'java',
  words: '-Xlog:gc*:file=/var/log/kafka/kafkaServer-gc.log',
};
export const RABBITMQ: Server = {
  title: 'RabbitMQ',
  program: 'beam.smp',
  words: '-noinput -s rabbit boot -boot start_sasl',
};
const NOBODY = 65534;

/** The runtime of Erlang starts all programs by a child. */
export const byRuntime =
  (...steps: readonly Step[]) =>
  ({ directory }: Scene): Step[] => [['@fork'], become(directory, 'erl_child_setup'), ...steps];

/** A shell, started by that child, takes commands on its input. */
export const byShellOfRuntime =
  (program: string, ...words: readonly string[]) =>
  (scene: Scene) =>
    byRuntime(['@fork'], become(scene.directory, 'sh'), ...child(program, ...words)(scene))(scene);

/** A child tries to start a program; one that it may not start is refused as by a filter of system calls. */
export const tries =
  (program: 'forbidden' | 'absent') =>
  ({ directory, marker }: Scene): Step[] => [
    ...create(`${directory}/forbidden`, 'no program\n', 0o600),
    ['@fork'],
    ['execve', str(`${directory}/${program}`), list(program, marker), 'null'],
  ];

export const WEB_SERVER_AND_BROKER_ACTIONS: readonly Action[] = [
  startsProgram(NGINX, 'starts a shell', child('sh', '-c', 'id')),
  writesFile(NGINX, 'writes a file in the home folder of root', IN_HOME, ROOT),
  opensPort(NGINX, 'opens a port in a worker', [['@fork'], ['@user', NOBODY], ...listen(UNUSUAL_PORT)]),
  connects(NGINX, 'asks for the credentials of a machine of the cloud', CLOUD_METADATA, 80),

  startsProgram(ELASTICSEARCH, 'starts a program called id'),
  {
    ...startsProgram(ELASTICSEARCH, 'tries to start a program that it may not run', tries('forbidden')),
    name: 'elasticsearch-tries-program',
  },
  writesFile(ELASTICSEARCH, 'writes a file in the home folder of root', IN_HOME, ROOT),
  connects(ELASTICSEARCH, `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`, OUTSIDE, UNUSUAL_PORT),

  startsProgram(KAFKA, 'starts a program called id'),
  writesFile(KAFKA, 'writes a file in the home folder of root', IN_HOME, ROOT),
  connects(KAFKA, `connects to ${OUTSIDE} at port 1389, as for a class by LDAP`, OUTSIDE, 1389),

  startsProgram(
    RABBITMQ,
    'starts a program called id for whoever has the cookie of its cluster',
    byShellOfRuntime('id'),
  ),
  writesFile(RABBITMQ, 'writes a file in the home folder of root', IN_HOME, ROOT),
  connects(RABBITMQ, `connects to ${OUTSIDE} at port ${UNUSUAL_PORT}`, OUTSIDE, UNUSUAL_PORT),
];
