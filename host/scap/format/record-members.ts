// A record's members by name, for reading records that were made or checked before.

import type { StructInput } from '../../schema/encode-struct.ts';
import type { Struct } from '../../schema/layout.ts';
import { viewOf } from './blocks.ts';

export type Members = Record<string, number | bigint | Uint8Array | bigint[] | undefined>;

/** Texts are undefined where they are absent; those in 64 bits are bigints. */
export function membersOf(struct: Struct, bytes: Uint8Array): Members {
  const view = viewOf(bytes);
  const members: Members = {};
  for (const { name, type, offset, size, count } of struct.members) {
    switch (type) {
      case 'u8':
        members[name] = view.getUint8(offset);
        break;
      case 'u16':
        members[name] = view.getUint16(offset, true);
        break;
      case 'u32':
        members[name] = view.getUint32(offset, true);
        break;
      case 'i32':
        members[name] = view.getInt32(offset, true);
        break;
      case 'u64':
        members[name] =
          count === undefined
            ? view.getBigUint64(offset, true)
            : Array.from({ length: count }, (_, index) => view.getBigUint64(offset + 8 * index, true));
        break;
      case 'i64':
        members[name] = view.getBigInt64(offset, true);
        break;
      case 'string': {
        const at = view.getUint32(offset, true);
        members[name] = at === 0 ? undefined : bytes.subarray(at, at + view.getUint32(offset + 4, true));
        break;
      }
      case 'address':
      case 'comm':
        members[name] = bytes.subarray(offset, offset + size);
    }
  }
  return members;
}

/** A record of an event, to be encoded again. */
export function memberInputs(struct: Struct, bytes: Uint8Array): StructInput {
  const { size, ...members } = membersOf(struct, bytes);
  return members;
}
