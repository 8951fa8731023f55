// Actions with unexpected peers and unexpected data.

import type { Action } from './action.ts';
import { OUTSIDE } from './addresses.ts';
import { AF_INET, SOCK_DGRAM } from './numbers.ts';
import { become, connectTo, type Step } from './steps.ts';

export const SSH_PORT = 22;
export const OTHER_PORT = 8192;

/** A datagram within the machine, with these bytes at its beginning. */
export function receive(directory: string, name: string, bytes: string): Step[] {
  const here = 'in:127.0.0.1:48761';
  return [
    become(directory, name),
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r0', here, 'len'],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendto', 'r2', `s:${bytes}`, 4, 0, here, 'len'],
    ['recvfrom', 'r0', 's:room', 4, 0, 'out', 'outlen'],
  ];
}

export const CLASS_FILE = '\\xca\\xfe\\xba\\xbe';

export const PEER_ACTIONS: readonly Action[] = [
  {
    name: 'connect-to-ssh-port',
    description: `connects to ${OUTSIDE} port ${SSH_PORT}`,
    where: 'any',
    rules: ['Disallowed SSH Connection'],
    steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, SSH_PORT)],
  },
  {
    name: 'connect-to-stranger',
    description: `connects to ${OUTSIDE}, in a network of its own`,
    where: 'any',
    needs: { root: true },
    // The second only reports the addresses in its list, which is empty by default.
    rules: ['Unexpected outbound connection destination', 'Outbound Connection to C2 Servers'],
    steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, OTHER_PORT)],
  },
  {
    name: 'connect-from-watched-container',
    description: `connects to ${OUTSIDE}, in a network of its own`,
    where: 'container',
    needs: { capabilities: ['SYS_ADMIN', 'NET_ADMIN'] },
    // Only reports the images in its list, which is empty by default.
    rules: ['Outbound or Inbound Traffic not to Authorized Server Process and Port'],
    steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, OTHER_PORT)],
  },
  {
    name: 'receive-class-file',
    description: 'receives the first bytes of a Java class from itself, in a process called java',
    where: 'any',
    rules: ['Java Process Class File Download'],
    steps: ({ directory }) => receive(directory, 'java', CLASS_FILE),
  },
];
