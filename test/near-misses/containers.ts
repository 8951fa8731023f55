// What comes close to the actions of host/generate/actions/containers.ts.

import { become, create, pretend, spawn } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const CONTAINER_NEAR_MISSES: NearMisses = {
  'open-terminal-shell': [
    {
      what: 'without a terminal',
      steps: ({ directory, marker }) => [become(directory, 'runc'), spawn('sh', '-c', `: ${marker}`)],
    },
    {
      what: 'another program with a terminal',
      steps: ({ directory, marker }) => [become(directory, 'runc'), ['@terminal'], spawn('true', marker)],
    },
    {
      what: 'outside of containers',
      where: 'host',
      steps: ({ directory, marker }) => [become(directory, 'runc'), ['@terminal'], spawn('sh', '-c', `: ${marker}`)],
    },
  ],
  'run-debugfs': [
    { what: 'another tool for disks', steps: ({ directory, marker }) => [pretend(directory, 'dumpe2fs', marker)] },
    {
      what: 'in a container that is not privileged',
      needs: {},
      steps: ({ directory, marker }) => [pretend(directory, 'debugfs', '-V', marker)],
    },
    {
      what: 'outside of containers',
      where: 'host',
      steps: ({ directory, marker }) => [pretend(directory, 'debugfs', '-V', marker)],
    },
  ],
  'write-release-agent': [
    { what: 'another file', steps: ({ directory }) => create(`${directory}/notify_on_release`) },
    { what: 'without CAP_SYS_ADMIN', needs: {}, steps: ({ directory }) => create(`${directory}/release_agent`) },
    {
      what: 'outside of containers',
      where: 'host',
      needs: {},
      rules: ['Detect release_agent File Container Escapes'],
      steps: ({ directory }) => create(`${directory}/release_agent`),
    },
  ],
};
