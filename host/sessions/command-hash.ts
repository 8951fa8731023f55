// Commands as they are compared: a request's with what the first process of a session ran. Hashes take little room, and show no secret.

import { createHash } from 'node:crypto';
import { decode, splitAtNul } from '../fields/value.ts';

/** Bytes: of longer ones the kernel's record has a part. */
const LONGEST_ARGUMENTS = 4096;

/**
 * Whether all arguments are there. @param argv each ended by a NUL: but for the last one, where the table of processes has only the beginning
 * (native/src/images/annex.h)
 */
export function isWhole(argv: Uint8Array): boolean {
  return argv.length < LONGEST_ARGUMENTS && argv.at(-1) === 0;
}

const LENGTH = 22;
/** An interpreter may be a script itself; so often, as the kernel lets it. */
const MOST_INTERPRETERS = 5;
/** The words before a script's path: each interpreter, and an option of it. */
const LEADING = Array.from({ length: 2 * MOST_INTERPRETERS }, (_, index) => index + 1);

export function commandHash(words: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(withoutPadding(words)))
    .digest('base64url')
    .slice(0, LENGTH);
}

/**
 * The commands that a process may have been asked to run which has these arguments. For a script the kernel puts its interpreter, and an option of
 * that, before them, and the path at which it was found in the place of its name.
 */
export function requestedHashes(words: readonly string[]): ReadonlySet<string> {
  const scripts = LEADING.flatMap((at) => {
    const [path, ...rest] = words.slice(at);
    return path === undefined
      ? []
      : [
          [path, ...rest],
          [path.slice(path.lastIndexOf('/') + 1), ...rest],
        ];
  });
  return new Set([words, ...scripts].map(commandHash));
}

/** A program that wrote a title over its arguments leaves empty ones behind it: they are left out wherever commands are read. */
export function withoutPadding(words: readonly string[]): readonly string[] {
  const last = words.findLastIndex((word) => word !== '');
  return words.length - last > 2 ? words.slice(0, last + 1) : words;
}

/** The arguments of a process. @param argv each ended by a NUL */
export function wordsOf(argv: Uint8Array | undefined): readonly string[] {
  return withoutPadding(splitAtNul(argv ?? new Uint8Array(0)).map(decode));
}
