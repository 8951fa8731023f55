// Actions that open ports, accept connections and make them, each in a network of its own.

import type { Action, Needs } from './action.ts';
import { INSIDE, OUTSIDE } from './addresses.ts';
import { AF_INET, SOCK_STREAM } from './numbers.ts';
import { become, connectTo, type Step } from './steps.ts';

const EVERYWHERE = '0.0.0.0';

const SERVICE_PORT = 8192;
/** In the range that clusters take for services on their nodes. */
const NODE_PORT = 30_080;

const IN_NETWORK_OF_ITS_OWN: Needs = { capabilities: ['SYS_ADMIN', 'NET_ADMIN'] };
const ON_HOST: Needs = { root: true, ...IN_NETWORK_OF_ITS_OWN };

/** Comes right after become(), as in connectTo(). */
function listenAt(address: string, port: number): Step[] {
  return [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:${address}:${port}`, 'len'],
    ['listen', 'r0', 1],
  ];
}

/** Listens at all addresses, and accepts a connection from its own. */
function acceptFrom(address: string): Step[] {
  return [
    ['@network', address],
    ...listenAt(EVERYWHERE, SERVICE_PORT),
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r3', `in:${address}:${SERVICE_PORT}`, 'len'],
    ['accept', 'r0', 'null', 'null'],
  ];
}

export const PORT_ACTIONS: readonly Action[] = [
  {
    name: 'accept-from-outside',
    description: `accepts a connection from ${OUTSIDE}`,
    where: 'any',
    needs: ON_HOST,
    rules: ['Unexpected inbound connection source'],
    steps: ({ directory }) => [become(directory, 'server'), ...acceptFrom(OUTSIDE)],
    nearMisses: [
      {
        what: 'from a network that is allowed',
        steps: ({ directory }) => [become(directory, 'server'), ...acceptFrom(INSIDE)],
      },
      {
        what: 'only listening, at all addresses',
        steps: ({ directory }) => [
          become(directory, 'server'),
          ['@network', OUTSIDE],
          ...listenAt(EVERYWHERE, SERVICE_PORT),
        ],
      },
    ],
  },
  {
    name: 'listen-from-interpreter',
    description: `listens at ${INSIDE}, from a process called python3`,
    where: 'any',
    needs: ON_HOST,
    rules: ['Interpreted procs inbound network activity'],
    steps: ({ directory }) => [become(directory, 'python3'), ['@network', INSIDE], ...listenAt(INSIDE, SERVICE_PORT)],
    nearMisses: [
      {
        what: 'another program',
        steps: ({ directory }) => [
          become(directory, 'server'),
          ['@network', INSIDE],
          ...listenAt(INSIDE, SERVICE_PORT),
        ],
      },
      {
        what: 'within the machine',
        steps: ({ directory }) => [
          become(directory, 'python3'),
          ['@network', '127.0.0.2'],
          ...listenAt('127.0.0.2', SERVICE_PORT),
        ],
      },
    ],
  },
  {
    name: 'connect-from-interpreter',
    description: `connects to ${OUTSIDE}, from a process called lua`,
    where: 'any',
    needs: ON_HOST,
    rules: ['Interpreted procs outbound network activity'],
    steps: ({ directory }) => [become(directory, 'lua'), ...connectTo(OUTSIDE, SERVICE_PORT)],
    nearMisses: [
      {
        what: 'another program',
        steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, SERVICE_PORT)],
        mayBeRefused: true,
      },
      {
        what: 'in a local network',
        steps: ({ directory }) => [become(directory, 'lua'), ...connectTo(INSIDE, SERVICE_PORT)],
        mayBeRefused: true,
      },
    ],
  },
  {
    name: 'use-node-port',
    description: `listens at ${INSIDE} port ${NODE_PORT}`,
    where: 'container',
    needs: IN_NETWORK_OF_ITS_OWN,
    rules: ['Unexpected K8s NodePort Connection'],
    steps: () => [['@network', INSIDE], ...listenAt(INSIDE, NODE_PORT)],
    nearMisses: [
      { what: 'another port', steps: () => [['@network', INSIDE], ...listenAt(INSIDE, SERVICE_PORT)] },
      {
        what: 'outside of containers',
        where: 'host',
        needs: ON_HOST,
        steps: () => [['@network', INSIDE], ...listenAt(INSIDE, NODE_PORT)],
      },
    ],
  },
];
