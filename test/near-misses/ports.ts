// What comes close to the actions of host/generate/actions/ports.ts.

import { INSIDE, OUTSIDE } from '../../host/generate/actions/addresses.ts';
import {
  acceptFrom,
  EVERYWHERE,
  listenAt,
  NODE_PORT,
  ON_HOST,
  SERVICE_PORT,
} from '../../host/generate/actions/ports.ts';
import { become, connectTo } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const PORT_NEAR_MISSES: NearMisses = {
  'accept-from-outside': [
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
  'listen-from-interpreter': [
    {
      what: 'another program',
      steps: ({ directory }) => [become(directory, 'server'), ['@network', INSIDE], ...listenAt(INSIDE, SERVICE_PORT)],
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
  'connect-from-interpreter': [
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
  'use-node-port': [
    { what: 'another port', steps: () => [['@network', INSIDE], ...listenAt(INSIDE, SERVICE_PORT)] },
    {
      what: 'outside of containers',
      where: 'host',
      needs: ON_HOST,
      steps: () => [['@network', INSIDE], ...listenAt(INSIDE, NODE_PORT)],
    },
  ],
};
