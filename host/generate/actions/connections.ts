// Actions with unusual connections: by peer, program or protocol.

import type { Action } from './action.ts';
import { CLOUD_METADATA, OUTSIDE } from './addresses.ts';
import { AF_INET, SOCK_DGRAM } from './numbers.ts';
import { become, connectTo, type Step } from './steps.ts';

export const SERVICE_PORT = 8192;

/** Connects by UDP, to an address that the process gives itself in a network of its own, where it may have one. */
export function connectByUdp(address: string, port: number): Step[] {
  return [
    ['@network', address],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['connect', 'r', `in:${address}:${port}`, 'len'],
  ];
}

export const CONNECTION_ACTIONS: readonly Action[] = [
  {
    name: 'connect-from-system-program',
    description: `connects to ${OUTSIDE}, from a process called sha1sum`,
    where: 'any',
    rules: ['System procs network activity'],
    steps: ({ directory }) => [become(directory, 'sha1sum'), ...connectTo(OUTSIDE, SERVICE_PORT)],
  },
  {
    name: 'connect-by-udp',
    description: `connects to ${OUTSIDE} by UDP, to a port out of the ordinary`,
    where: 'any',
    needs: { root: true },
    rules: ['Unexpected UDP Traffic'],
    steps: () => connectByUdp(OUTSIDE, 22),
  },
  {
    name: 'contact-cloud-metadata',
    description: `connects to ${CLOUD_METADATA}, in a network of its own`,
    where: 'container',
    needs: { capabilities: ['SYS_ADMIN', 'NET_ADMIN'] },
    rules: ['Contact EC2 Instance Metadata Service From Container', 'Contact cloud metadata service from container'],
    steps: ({ directory }) => [become(directory, 'client'), ...connectTo(CLOUD_METADATA, 80)],
  },
  {
    name: 'connect-outside-of-subnet',
    description: `connects to ${OUTSIDE}, in a network of its own`,
    where: 'container',
    needs: { capabilities: ['SYS_ADMIN', 'NET_ADMIN'] },
    // Only reports the namespaces in its list, which is empty by default.
    rules: ['Network Connection outside Local Subnet'],
    steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, SERVICE_PORT)],
  },
];
