// What comes close to the actions of host/generate/actions/containers.ts.

import { changeMode, createWith } from '../../host/generate/actions/containers.ts';
import { CLONE_NEWPID } from '../../host/generate/actions/numbers.ts';
import { become, spawn } from '../../host/generate/actions/steps.ts';
import { type NearMiss, type NearMisses, onHost } from './near-miss.ts';

const FURTHER_PROCESS: NearMiss = {
  what: 'a further process',
  steps: ({ directory }) => [['@fork'], become(directory, 'init')],
};

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
  'make-file-executable': [{ what: 'for all to read', ...changeMode(0o644) }, onHost(changeMode(0o755))],
  'make-executable-file': [{ what: 'for all to read', ...createWith(0o644) }, onHost(createWith(0o755))],
  'start-container-as-root': [
    FURTHER_PROCESS,
    {
      what: 'as another user',
      // Whose folder it is not: the link is there before.
      steps: ({ directory }) => [
        become(directory, 'init'),
        ['unshare', CLONE_NEWPID],
        ['@fork'],
        ['@user', 1234],
        become(directory, 'init'),
      ],
    },
  ],
  'start-container-with-mounts': [FURTHER_PROCESS],
  'start-container-that-is-not-allowed': [FURTHER_PROCESS],
};
