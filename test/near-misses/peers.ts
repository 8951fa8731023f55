// What comes close to the actions of host/generate/actions/peers.ts.

import { INSIDE, OUTSIDE } from '../../host/generate/actions/addresses.ts';
import { CLASS_FILE, OTHER_PORT, receive, SSH_PORT } from '../../host/generate/actions/peers.ts';
import { become, connectTo } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const PEER_NEAR_MISSES: NearMisses = {
  'connect-to-ssh-port': [
    {
      what: 'another port',
      steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, OTHER_PORT)],
    },
    {
      what: 'within the machine',
      steps: ({ directory }) => [become(directory, 'client'), ...connectTo('127.0.0.2', SSH_PORT)],
    },
  ],
  'connect-to-stranger': [
    {
      what: 'in the inner network',
      steps: ({ directory }) => [become(directory, 'client'), ...connectTo(INSIDE, OTHER_PORT)],
    },
  ],
  'connect-from-watched-container': [
    {
      what: 'within the container',
      steps: ({ directory }) => [become(directory, 'client'), ...connectTo('127.0.0.2', OTHER_PORT)],
    },
    {
      what: 'outside of containers',
      where: 'host',
      steps: ({ directory }) => [become(directory, 'client'), ...connectTo(OUTSIDE, OTHER_PORT)],
    },
  ],
  'receive-class-file': [
    { what: 'other bytes', steps: ({ directory }) => receive(directory, 'java', 'text') },
    { what: 'another program', steps: ({ directory }) => receive(directory, 'client', CLASS_FILE) },
  ],
};
