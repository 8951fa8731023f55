// A program that is run in a pid namespace whose first process has one part of a file system as its root, from a mount of another part: as with
// subvolumes. What the first process has leads nowhere to it.

import { mkdirSync } from 'node:fs';
import { copyAct, type Step, str } from './live-act.ts';
import { AT_FDCWD, CLONE_NEWNS, CLONE_NEWPID, MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC, O } from './live-numbers.ts';

export interface OtherPart {
  /** Its path, where it is run. */
  readonly program: string;
  /** Runs it, to make a file of that name beside it; who is not let makes `left`. */
  readonly steps: readonly Step[];
  /** Where both files are then, for the test. */
  readonly place: string;
}

/** @param directory for a copy of act of that name, and for what it needs */
export function otherPart(directory: string, name: string): OtherPart {
  const [home, place] = [`${directory}/home`, `${directory}/away`];
  const mounted = 'wasprey-away';
  for (const path of [`${home}/${mounted}`, place]) mkdirSync(path, { recursive: true });
  copyAct(place, name);
  const program = `/${mounted}/${name}`;
  const made = O.CREAT | O.WRONLY;
  return {
    program,
    place,
    steps: [
      ['unshare', CLONE_NEWNS | CLONE_NEWPID],
      ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
      ['mount', str(place), str(`${home}/${mounted}`), 'null', MS_BIND, 'null'],
      ['mount', str(home), str(home), 'null', MS_BIND | MS_REC, 'null'],
      ['chdir', str(home)],
      ['pivot_root', str('.'), str('.')],
      ['umount2', str('.'), MNT_DETACH],
      ['@fork'], // the first process of the namespace
      ['@fork'],
      ['unshare', CLONE_NEWNS],
      ['execve', str(program), `list:${name},openat,${AT_FDCWD},s:/${mounted}/begun,${made},384`, 'null'],
      ['openat', AT_FDCWD, str(`/${mounted}/left`), made, 0o600],
    ],
  };
}
