// Actions with connections out of the ordinary: to whom, by which program, by which protocol.

import type { Action } from './action.ts';
import { CLOUD_METADATA, INSIDE, OUTSIDE } from './addresses.ts';
import { AF_INET, SOCK_DGRAM } from './numbers.ts';
import { become, connectTo, type Step } from './steps.ts';

const SERVICE_PORT = 8192;

/** By UDP, to an address that the process gives itself in a network of its own, where it may have one. */
function connectByUdp(address: string, port: number): Step[] {
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
    nearMisses: [
      {
        what: 'a program that looks up names',
        steps: ({ directory }) => [become(directory, 'id'), ...connectTo(OUTSIDE, SERVICE_PORT)],
      },
      {
        what: 'another program',
        steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, SERVICE_PORT)],
      },
      {
        what: 'within the machine',
        steps: ({ directory }) => [become(directory, 'sha1sum'), ...connectTo('127.0.0.2', SERVICE_PORT)],
      },
    ],
  },
  {
    name: 'connect-by-udp',
    description: `connects to ${OUTSIDE} by UDP, to a port out of the ordinary`,
    where: 'any',
    needs: { root: true },
    rules: ['Unexpected UDP Traffic'],
    steps: () => connectByUdp(OUTSIDE, 22),
    nearMisses: [
      { what: 'to ask for a name', steps: () => connectByUdp(OUTSIDE, 53) },
      { what: 'by TCP', steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, 22)] },
      { what: 'within the machine', steps: () => connectByUdp('127.0.0.2', 22) },
    ],
  },
  {
    name: 'contact-cloud-metadata',
    description: `connects to ${CLOUD_METADATA}, in a network of its own`,
    where: 'container',
    needs: { capabilities: ['SYS_ADMIN', 'NET_ADMIN'] },
    rules: ['Contact EC2 Instance Metadata Service From Container', 'Contact cloud metadata service from container'],
    steps: ({ directory }) => [become(directory, 'client'), ...connectTo(CLOUD_METADATA, 80)],
    nearMisses: [
      {
        what: 'another address',
        steps: ({ directory }) => [become(directory, 'client'), ...connectTo('169.254.169.253', 80)],
      },
      {
        what: 'outside of containers',
        where: 'host',
        steps: ({ directory }) => [become(directory, 'client'), ...connectTo(CLOUD_METADATA, 80)],
      },
    ],
  },
  {
    name: 'connect-outside-of-subnet',
    description: `connects to ${OUTSIDE}, in a network of its own`,
    where: 'container',
    needs: { capabilities: ['SYS_ADMIN', 'NET_ADMIN'] },
    // Only reports the namespaces in its list, which is empty by default.
    rules: ['Network Connection outside Local Subnet'],
    steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, SERVICE_PORT)],
    nearMisses: [
      {
        what: 'within the subnet',
        // By UDP, without a listener: a listening port has no peer that could be in a subnet.
        steps: () => connectByUdp(INSIDE, SERVICE_PORT),
      },
      {
        what: 'outside of containers',
        where: 'host',
        steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, SERVICE_PORT)],
      },
    ],
  },
];
