// What comes close to the actions of host/generate/actions/files.ts.

import { SHADOW } from '../../host/generate/actions/files.ts';
import { AT_FDCWD, O } from '../../host/generate/actions/numbers.ts';
import { become, create, makeDirectory, open, read, spawn, str } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const FILE_NEAR_MISSES: NearMisses = {
  'read-sensitive-file': [
    { what: 'a file beside it', steps: () => [read('/etc/passwd')] },
    {
      what: 'a program that has to read it',
      rules: ['Read sensitive file untrusted'],
      steps: ({ directory }) => [become(directory, 'passwd'), read(SHADOW)],
    },
    { what: 'only written to', steps: () => [open(SHADOW, O.WRONLY)] },
  ],
  'read-sensitive-file-after-startup': [
    { what: 'as it starts', steps: ({ directory }) => [become(directory, 'httpd'), read(SHADOW)] },
    { what: 'another program, however late', steps: () => [['@sleep', 6000], read(SHADOW)] },
  ],
  'traverse-directories': [
    { what: 'one step up', steps: () => [read('/etc/../etc/shadow')] },
    { what: 'to a file that is not watched', steps: () => [read('/proc/../proc/../proc/version')] },
    {
      what: 'by a program that a shell has started',
      steps: ({ act, marker }) => [
        spawn('sh', '-c', `${act} openat -100 s:/etc/../etc/../etc/shadow 0 -- @mark ${marker}; true`),
      ],
    },
  ],
  'clear-log': [
    { what: 'written without being emptied', steps: ({ directory }) => create(`${directory}/syslog`) },
    {
      what: 'another file emptied',
      steps: ({ directory }) => [open(`${directory}/notes`, O.WRONLY | O.CREAT | O.TRUNC)],
    },
  ],
  'link-to-sensitive-folder': [
    {
      what: 'to another file there',
      steps: ({ directory }) => [['symlinkat', str('/etc/hostname'), AT_FDCWD, str(`${directory}/link`)]],
    },
  ],
  'hard-link-to-sensitive-file': [
    {
      what: 'to another file, of that name',
      steps: ({ directory }) => [
        makeDirectory(`${directory}/etc`),
        ...create(`${directory}/etc/shadow`),
        ['linkat', AT_FDCWD, str(`${directory}/etc/shadow`), AT_FDCWD, str(`${directory}/link`), 0],
      ],
    },
  ],
};
