// Actions on files: what is read, linked and emptied.

import type { Action } from './action.ts';
import { AT_FDCWD, O } from './numbers.ts';
import { become, open, read, str } from './steps.ts';

export const SHADOW = '/etc/shadow';

export const FILE_ACTIONS: readonly Action[] = [
  {
    name: 'read-sensitive-file',
    description: 'opens /etc/shadow for reading',
    where: 'any',
    needs: { root: true, files: [SHADOW] },
    rules: ['Read sensitive file untrusted'],
    ownRules: ['Sensitive file read'],
    steps: () => [read(SHADOW)],
  },
  {
    name: 'read-sensitive-file-after-startup',
    description: 'opens /etc/shadow for reading, as a web server that has run for 6 s',
    where: 'any',
    needs: { root: true, files: [SHADOW] },
    rules: ['Read sensitive file trusted after startup'],
    steps: ({ directory }) => [become(directory, 'httpd'), ['@sleep', 6000], read(SHADOW)],
  },
  {
    name: 'traverse-directories',
    description: 'opens /etc/shadow for reading, by a path with .. in it',
    where: 'any',
    needs: { files: [SHADOW] },
    rules: ['Directory traversal monitored file read'],
    steps: () => [read('/etc/../etc/../etc/shadow')],
  },
  {
    name: 'clear-log',
    description: 'empties a file called syslog, in a folder of its own',
    where: 'any',
    rules: ['Clear Log Activities'],
    steps: ({ directory }) => [open(`${directory}/syslog`, O.WRONLY | O.CREAT | O.TRUNC)],
  },
  {
    name: 'link-to-sensitive-folder',
    description: 'makes a symbolic link to /etc',
    where: 'any',
    rules: ['Create Symlink Over Sensitive Files'],
    steps: ({ directory }) => [['symlinkat', str('/etc'), AT_FDCWD, str(`${directory}/link`)]],
  },
  {
    name: 'hard-link-to-sensitive-file',
    description: 'makes a hard link to /etc/shadow',
    where: 'any',
    needs: { root: true, files: [SHADOW] },
    rules: ['Create Hardlink Over Sensitive Files'],
    // Where /tmp is another file system it fails, which the rule does not mind.
    steps: ({ directory }) => [['linkat', AT_FDCWD, str(SHADOW), AT_FDCWD, str(`${directory}/link`), 0]],
  },
];
