// JSON pointers (RFC 6901): followed through objects, and through arrays by number.

import { type JsonValues, type Key, keyOf, NOWHERE } from './values.ts';

export type Path = readonly Key[];

/** `/a~1b/0` -> a/b, 0. The first slash may be missing. */
export function parsePointer(pointer: string): Path {
  const parts = pointer.replace(/^\//, '').split('/');
  return parts.map((part) => keyOf(part.replaceAll('~1', '/').replaceAll('~0', '~')));
}

/** NOWHERE if it leads to no value. */
export function follow(values: JsonValues, from: number, path: Path): number {
  let value = from;
  for (const key of path) {
    value = values.isArray(value) ? byNumber(values, value, key.text) : values.member(value, key);
    if (value === NOWHERE) break;
  }
  return value;
}

function byNumber(values: JsonValues, array: number, text: string): number {
  return /^\d{1,9}$/.test(text) ? values.element(array, Number(text)) : NOWHERE;
}
