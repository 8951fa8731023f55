// The bytes of single instructions, from the sandbox's opcode tables.

import { encodeS32, encodeU32 } from '../../../host/sandbox/encode.ts';
import type { Immediates, Opcode } from '../../../host/sandbox/opcode.ts';

export function encodeOpcode(opcode: Opcode): number[] {
  if (opcode.code < 0x100) return [opcode.code];
  return [Math.floor(opcode.code / 0x1000), ...encodeU32(opcode.code % 0x1000)];
}

/** Immediates that are valid for the opcode: of indices the first, of lanes too. */
export function sampleImmediates(kind: Immediates, name: string): number[] {
  switch (kind) {
    case 'none':
    case 'unread':
      return [];
    case 'block':
      return [0x40];
    case 'labels':
      return [1, 0, 0];
    case 'index-index':
    case 'type-table':
      return [0, 0];
    case 'types':
      return [1, 0x7f];
    case 'memarg':
      // Atomic instructions must have their natural alignment, so take it for all: the width is in the name.
      return [naturalAlignment(name), 0];
    case 'memarg-lane':
      return [0, 0, 0];
    case 'i32':
      return encodeS32(-123456);
    case 'i64':
      // -2^63, in all ten bytes.
      return [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
    case 'bytes-4':
      return [1, 2, 3, 4];
    case 'bytes-8':
      return [1, 2, 3, 4, 5, 6, 7, 8];
    case 'bytes-16':
      return [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    case 'label':
    case 'function':
    case 'local':
    case 'global':
    case 'index':
    case 'memory':
    case 'lane':
    case 'zero':
      return [0];
  }
}

function naturalAlignment(name: string): number {
  if (!name.includes('atomic')) return 0;
  if (name.includes('notify') || name.includes('wait32')) return 2;
  const width = /(?:load|store|rmw)(8|16|32)/.exec(name)?.[1] ?? /^i(32|64)/.exec(name)?.[1] ?? '64';
  return Math.log2(Number(width) / 8);
}
