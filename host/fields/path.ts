// Paths as bytes: the directory part, the last part, and joining without touching the file system.

import { concatenate, encode } from './value.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
const ROOT = encode('/');

/** Up to the last slash, without it; `/` for files in the root and for names without a slash. */
export function directoryPart(path: Uint8Array): Uint8Array {
  const slash = path.lastIndexOf(SLASH);
  return slash <= 0 ? ROOT : path.subarray(0, slash);
}

export function hasSlash(path: Uint8Array): boolean {
  return path.includes(SLASH);
}

/** After the last slash. */
export function lastPart(path: Uint8Array): Uint8Array {
  return path.subarray(path.lastIndexOf(SLASH) + 1);
}

export function isAbsolute(path: Uint8Array): boolean {
  return path[0] === SLASH;
}

/** `path` seen from `directory`, with `.`, `..` and repeated slashes resolved lexically. */
export function joinPath(directory: Uint8Array, path: Uint8Array): Uint8Array {
  const whole = isAbsolute(path) ? path : concatenate([directory, path], '/');
  const parts: Uint8Array[] = [];
  for (const part of split(whole)) {
    if (part.length === 0 || (part.length === 1 && part[0] === DOT)) continue;
    if (part.length === 2 && part[0] === DOT && part[1] === DOT) parts.pop();
    else parts.push(part);
  }
  return concatenate([ROOT, concatenate(parts, '/')]);
}

function* split(path: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let end = path.indexOf(SLASH); end >= 0; end = path.indexOf(SLASH, start)) {
    yield path.subarray(start, end);
    start = end + 1;
  }
  yield path.subarray(start);
}
