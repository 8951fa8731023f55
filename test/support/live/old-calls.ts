// Calls on paths that 64-bit ARM lacks: there the newer call is made that does the same. What is tested of the old calls themselves runs on x86-64.

import type { Step } from './live-act.ts';
import { AT_FDCWD } from './live-numbers.ts';

/** open(2), rename(2), link(2) and others without a directory. */
export const HAS_OLD_CALLS = process.arch === 'x64';

type Word = Step[number];

export function open(path: Word, flags: number): Step {
  return HAS_OLD_CALLS ? ['open', path, flags] : ['openat', AT_FDCWD, path, flags];
}

export function unlink(path: Word): Step {
  return HAS_OLD_CALLS ? ['unlink', path] : ['unlinkat', AT_FDCWD, path, 0];
}

export function rename(from: Word, to: Word): Step {
  return HAS_OLD_CALLS ? ['rename', from, to] : ['renameat', AT_FDCWD, from, AT_FDCWD, to];
}

export function link(file: Word, name: Word): Step {
  return HAS_OLD_CALLS ? ['link', file, name] : ['linkat', AT_FDCWD, file, AT_FDCWD, name, 0];
}

export function symlink(target: Word, name: Word): Step {
  return HAS_OLD_CALLS ? ['symlink', target, name] : ['symlinkat', target, AT_FDCWD, name];
}
