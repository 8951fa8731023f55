// What comes close to the actions of host/generate/actions/container-tools.ts.

import { runs } from '../../host/generate/actions/pretended.ts';
import { become, create, read, spawn } from '../../host/generate/actions/steps.ts';
import type { NearMiss, NearMisses } from './near-miss.ts';

function outside(program: string, ...words: readonly string[]): NearMiss {
  return { what: 'outside of containers', where: 'host', ...runs(program, ...words) };
}

export const CONTAINER_TOOL_NEAR_MISSES: NearMisses = {
  'run-remote-copy': [{ what: 'a local copy', ...runs('cp') }, outside('scp')],
  'run-download': [{ what: 'curl that keeps nothing', ...runs('curl', '-s') }, outside('wget')],
  'run-download-to-file': [{ what: 'curl that keeps nothing', ...runs('curl', '-s') }, outside('curl', '-o', 'file')],
  'run-package-manager': [{ what: 'a compiler', ...runs('cc', '--version') }, outside('apt-get', '--version')],
  'run-network-tool-in-container': [{ what: 'another tool', ...runs('ip') }, outside('nmap')],
  'run-network-tool-on-host': [
    { what: 'another tool', ...runs('ip') },
    { what: 'in a container', where: 'container', ...runs('tcpdump') },
  ],
  'run-mount': [
    { what: 'umount', ...runs('umount') },
    { what: 'in a container that is not privileged', needs: {}, ...runs('mount', '-o') },
    outside('mount', '-o'),
  ],
  'read-environment': [
    { what: 'another file there', steps: () => [read('/proc/self/status')] },
    { what: 'outside of containers', where: 'host', steps: () => [read('/proc/self/environ')] },
  ],
  'copy-out-of-container': [
    {
      what: 'started by a shell',
      steps: ({ directory }) => [
        ...create(`${directory}/artifact`),
        become(directory, 'sh'),
        ['@fork'],
        become(directory, 'tar'),
        read(`${directory}/artifact`),
      ],
    },
    {
      what: 'a file of the system',
      steps: ({ directory }) => [become(directory, 'runc'), ['@fork'], become(directory, 'tar'), read('/etc/passwd')],
    },
    {
      what: 'at a terminal',
      steps: ({ directory }) => [
        ...create(`${directory}/artifact`),
        become(directory, 'runc'),
        ['@terminal'],
        become(directory, 'tar'),
        read(`${directory}/artifact`),
      ],
    },
    {
      what: 'another program',
      steps: ({ directory }) => [...create(`${directory}/a`), spawn('cat', `${directory}/a`)],
    },
  ],
};
