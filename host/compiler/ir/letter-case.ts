// ASCII letters of constants in one case.

import type { Bytes } from './text.ts';

export function lower(bytes: Bytes): Bytes {
  return bytes.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function upper(bytes: Bytes): Bytes {
  return bytes.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}
