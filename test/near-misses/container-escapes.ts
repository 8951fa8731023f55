// What comes close to the actions of host/generate/actions/container-escapes.ts.

import type { Behaviour } from '../../host/generate/actions/action.ts';
import {
  changeMode,
  createWith,
  openOwnDescriptor,
  readInOwnRoot,
  writeInDev,
} from '../../host/generate/actions/container-escapes.ts';
import { CLONE_NEWPID, O } from '../../host/generate/actions/numbers.ts';
import { become, create } from '../../host/generate/actions/steps.ts';
import type { NearMiss, NearMisses } from './near-miss.ts';

function onHost(behaviour: Behaviour): NearMiss {
  return { what: 'outside of containers', where: 'host', ...behaviour };
}

const FURTHER_PROCESS: NearMiss = {
  what: 'a further process',
  steps: ({ directory }) => [['@fork'], become(directory, 'init')],
};

export const CONTAINER_ESCAPE_NEAR_MISSES: NearMisses = {
  'write-to-own-descriptor': [
    { what: 'for reading', ...openOwnDescriptor(O.RDONLY) },
    { what: 'by its name', steps: ({ directory }) => create(`${directory}/file`) },
    onHost(openOwnDescriptor(O.WRONLY)),
  ],
  'open-disk': [{ what: 'a file of another name', ...writeInDev('') }, onHost(writeInDev('sd'))],
  'read-files-of-host': [
    { what: 'in a folder of a similar name', ...readInOwnRoot('hosts') },
    { ...onHost(readInOwnRoot('host')), needs: { root: true } },
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
