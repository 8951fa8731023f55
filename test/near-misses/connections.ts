// What comes close to the actions of host/generate/actions/connections.ts.

import { CLOUD_METADATA, INSIDE, OUTSIDE } from '../../host/generate/actions/addresses.ts';
import { connectByUdp, SERVICE_PORT } from '../../host/generate/actions/connections.ts';
import { become, connectTo } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const CONNECTION_NEAR_MISSES: NearMisses = {
  'connect-from-system-program': [
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
  'connect-by-udp': [
    { what: 'to ask for a name', steps: () => connectByUdp(OUTSIDE, 53) },
    { what: 'by TCP', steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, 22)] },
    { what: 'within the machine', steps: () => connectByUdp('127.0.0.2', 22) },
  ],
  'contact-cloud-metadata': [
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
  'connect-outside-of-subnet': [
    {
      what: 'within the subnet',
      // By UDP, with nobody who listens: a port that is listened at has no other side to be in a subnet.
      steps: () => connectByUdp(INSIDE, SERVICE_PORT),
    },
    {
      what: 'outside of containers',
      where: 'host',
      steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, SERVICE_PORT)],
    },
  ],
};
