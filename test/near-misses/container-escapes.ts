// What comes close to the actions of host/generate/actions/container-escapes.ts.

import { openOwnDescriptor, readInOwnRoot, writeInDev } from '../../host/generate/actions/container-escapes.ts';
import { O } from '../../host/generate/actions/numbers.ts';
import { create, pretend } from '../../host/generate/actions/steps.ts';
import { type NearMisses, onHost } from './near-miss.ts';

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
