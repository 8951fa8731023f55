// Actions that open ports, accept connections and make them, each in a network of its own.

import type { Action, Needs } from './action.ts';
import { INSIDE, OUTSIDE } from './addresses.ts';
import { AF_INET, SOCK_STREAM } from './numbers.ts';
import { become, connectTo, type Step } from './steps.ts';

export const EVERYWHERE = '0.0.0.0';

export const SERVICE_PORT = 8192;
/** In the range that clusters take for services on their nodes. */
export const NODE_PORT = 30_080;

const IN_NETWORK_OF_ITS_OWN: Needs = { capabilities: ['SYS_ADMIN', 'NET_ADMIN'] };
export const ON_HOST: Needs = { root: true, ...IN_NETWORK_OF_ITS_OWN };

/** Comes right after become(), as in connectTo(). */
export function listenAt(address: string, port: number): Step[] {
  return [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:${address}:${port}`, 'len'],
    ['listen', 'r0', 1],
  ];
}

/** Listens at all addresses, and accepts a connection from its own. */
export function acceptFrom(address: string): Step[] {
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
  },
  {
    name: 'listen-from-interpreter',
    description: `listens at ${INSIDE}, from a process called python3`,
    where: 'any',
    needs: ON_HOST,
    rules: ['Interpreted procs inbound network activity'],
    steps: ({ directory }) => [become(directory, 'python3'), ['@network', INSIDE], ...listenAt(INSIDE, SERVICE_PORT)],
  },
  {
    name: 'connect-from-interpreter',
    description: `connects to ${OUTSIDE}, from a process called lua`,
    where: 'any',
    needs: ON_HOST,
    rules: ['Interpreted procs outbound network activity'],
    steps: ({ directory }) => [become(directory, 'lua'), ...connectTo(OUTSIDE, SERVICE_PORT)],
  },
  {
    name: 'use-node-port',
    description: `listens at ${INSIDE} port ${NODE_PORT}`,
    where: 'container',
    needs: IN_NETWORK_OF_ITS_OWN,
    rules: ['Unexpected K8s NodePort Connection'],
    steps: () => [['@network', INSIDE], ...listenAt(INSIDE, NODE_PORT)],
  },
];
