// What comes close to the actions of host/generate/actions/network.ts.

import { INSIDE, OUTSIDE } from '../../host/generate/actions/addresses.ts';
import { CONNECTION, INPUT_FROM_CONNECTION } from '../../host/generate/actions/network.ts';
import { AF_INET, AF_PACKET, AF_UNIX, SOCK_DGRAM, SOCK_RAW } from '../../host/generate/actions/numbers.ts';
import { become, connectTo, pretend } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const NETWORK_NEAR_MISSES: NearMisses = {
  'run-netcat-with-shell': [
    { what: 'only connecting', steps: ({ directory, marker }) => [pretend(directory, 'nc', OUTSIDE, '22', marker)] },
    {
      what: 'outside of containers',
      where: 'host',
      steps: ({ directory, marker }) => [pretend(directory, 'nc', '-e', '/bin/sh', OUTSIDE, '22', marker)],
    },
  ],
  'open-packet-socket': [
    { what: 'another socket', steps: () => [['socket', AF_INET, SOCK_DGRAM, 0]] },
    { what: 'outside of containers', where: 'host', steps: () => [['socket', AF_PACKET, SOCK_RAW, 0x300]] },
  ],
  'redirect-input-to-connection': [
    { what: 'another descriptor', steps: () => [...CONNECTION, ['dup3', 'r0', 9, 0]] },
    {
      what: 'a Unix socket',
      steps: () => [
        ['socket', AF_UNIX, SOCK_DGRAM, 0],
        ['dup3', 'r0', 0, 0],
      ],
    },
    {
      what: 'outside of containers',
      rules: ['Redirect STDOUT/STDIN to Network Connection in Container'],
      where: 'host',
      steps: () => [...CONNECTION, ['dup3', 'r0', 0, 0]],
    },
  ],
  'start-shell-on-connection': [
    { what: 'another program', steps: ({ directory }) => [...INPUT_FROM_CONNECTION, become(directory, 'filter')] },
    {
      what: 'another descriptor',
      steps: ({ directory }) => [...CONNECTION, ['dup3', 'r0', 9, 0], become(directory, 'sh')],
    },
    {
      what: 'a Unix socket',
      steps: ({ directory }) => [['close', 0], ['socket', AF_UNIX, SOCK_DGRAM, 0], become(directory, 'sh')],
    },
  ],
  'connect-ssh-to-odd-port': [
    { what: 'its own port', steps: ({ directory }) => [become(directory, 'ssh'), ...connectTo(OUTSIDE, 22)] },
    { what: 'another program', steps: ({ directory }) => [become(directory, 'curl'), ...connectTo(OUTSIDE, 443)] },
    { what: 'to an inner network', steps: ({ directory }) => [become(directory, 'ssh'), ...connectTo(INSIDE, 443)] },
  ],
};
