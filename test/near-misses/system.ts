// What comes close to the actions of host/generate/actions/system.ts.

import { INSIDE, OUTSIDE } from '../../host/generate/actions/addresses.ts';
import { AT_FDCWD } from '../../host/generate/actions/numbers.ts';
import { become, connectTo, create, pretend, read, spawn, str } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const SYSTEM_NEAR_MISSES: NearMisses = {
  'add-configuration': [
    { what: 'elsewhere', steps: ({ directory }) => create(`${directory}/etc`) },
    { what: 'only read', steps: () => [read('/etc/passwd')] },
  ],
  'link-into-configuration': [
    {
      what: 'a link to it elsewhere',
      steps: ({ directory }) => [['symlinkat', str('/etc/hostname'), AT_FDCWD, str(`${directory}/hostname`)]],
    },
  ],
  'add-system-program': [
    { what: 'elsewhere', steps: ({ directory }) => create(`${directory}/program`, '', 0o755) },
    { what: 'run, not changed', steps: ({ marker }) => [spawn('true', marker)] },
  ],
  'install-package': [
    { what: 'a question', steps: ({ directory, marker }) => [pretend(directory, 'apt-get', 'show', marker)] },
    {
      what: 'outside of containers',
      where: 'host',
      steps: ({ directory, marker }) => [pretend(directory, 'apt-get', 'install', '--yes', marker)],
    },
  ],
  'start-shell-in-container': [
    {
      what: 'from make',
      // A link would be called make as well, but run another executable.
      steps: ({ directory, marker }) => [['@copy', `${directory}/make`], spawn('sh', '-c', `: ${marker}`)],
    },
    { what: 'another program', steps: ({ marker }) => [spawn('true', marker)] },
    { what: 'outside of containers', where: 'host', steps: ({ marker }) => [spawn('sh', '-c', `: ${marker}`)] },
  ],
  'connect-from-shell': [
    { what: 'another program', steps: ({ directory }) => [become(directory, 'curl'), ...connectTo(OUTSIDE, 4444)] },
    {
      what: 'to an inner network',
      steps: ({ directory }) => [become(directory, 'bash'), ...connectTo(INSIDE, 4444)],
    },
  ],
};
