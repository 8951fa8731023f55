// Fields of what a call of the open family requests.

import type { Derivation, EventKind } from './derivation.ts';
import { all, any, boolean, compare, hasBit, masked, OPEN } from './derive.ts';
import { state } from './of-descriptor.ts';
import { NOT_FAILED } from './of-event.ts';

// The kernel's numbers (include/uapi/asm-generic/fcntl.h).
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
const ACCESS_MODE = 3;
export const O_CREAT = 0o100;
export const O_TRUNC = 0o1000;
/** O_TMPFILE's own bit. */
export const TMPFILE_BIT = 0o20000000;
const O_DIRECTORY = 0o200000;
const O_TMPFILE = TMPFILE_BIT | O_DIRECTORY;
const ANY_EXECUTE = 0o111;

const OPENS = new Set(['open', 'openat', 'openat2', 'open_by_handle_at']);
const FLAGS = OPEN.number('open_flags');
const NO = boolean(false);
const TEMPORARY = compare(masked(FLAGS, O_TMPFILE), '==', O_TMPFILE);

/** The access mode is one of these. */
export function opensFor(...modes: readonly number[]): (type: EventKind) => Derivation {
  const isOne = any(...modes.map((mode) => compare(masked(FLAGS, ACCESS_MODE), '==', mode)));
  return ({ name }) => (OPENS.has(name) ? isOne : NO);
}

/** The open would create an executable file. */
export function opensExecutable({ shape, name }: EventKind): Derivation {
  if (shape !== 'open') return NO;
  const creates = any(boolean(name === 'creat'), hasBit(FLAGS, O_CREAT), TEMPORARY);
  return all(creates, hasBit(OPEN.number('mode'), ANY_EXECUTE));
}

/** The call made the file. */
export function opensCreated({ shape }: EventKind): Derivation {
  return shape === 'open' ? any(state('CREATED'), all(NOT_FAILED, TEMPORARY)) : NO;
}
