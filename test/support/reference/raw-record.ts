// Records in memory, read by nothing but the schema's layout: what the tests' own evaluation of fields stands on. Texts are byte strings
// (characters 0 to 255).

import { CONTAINER } from '../../../host/schema/container.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES, type EventType } from '../../../host/schema/events/index.ts';
import type { Owner } from '../../../host/schema/fields/derivation.ts';
import { IMAGE } from '../../../host/schema/image.ts';
import { type Member, member, type Struct } from '../../../host/schema/layout.ts';

/** By the name that derivations have for a record. */
export const STRUCTS: Readonly<Record<Owner, Struct>> = {
  header: EVENT_HEADER,
  image: IMAGE,
  container: CONTAINER,
  ...EVENT_STRUCTS,
};

/** A struct of the schema at an address. */
export class RawRecord {
  readonly memory: DataView;
  readonly address: number;
  readonly struct: Struct;

  constructor(memory: DataView, address: number, struct: Struct) {
    this.memory = memory;
    this.address = address;
    this.struct = struct;
  }

  has(name: string): boolean {
    return this.struct.members.some((each) => each.name === name);
  }

  number(name: string, index = 0): bigint {
    const { type, offset }: Member = member(this.struct, name);
    const at = this.address + offset;
    switch (type) {
      case 'u8':
        return BigInt(this.memory.getUint8(at));
      case 'u16':
        return BigInt(this.memory.getUint16(at, true));
      case 'u32':
        return BigInt(this.memory.getUint32(at + 4 * index, true));
      case 'i32':
        return BigInt(this.memory.getInt32(at, true));
      case 'u64':
        return this.memory.getBigUint64(at + 8 * index, true);
      case 'i64':
        return this.memory.getBigInt64(at, true);
      default:
        throw new Error(`${name} is not a number`);
    }
  }

  /** Undefined if absent: its offset is 0. */
  text(name: string): string | undefined {
    const { type, offset } = member(this.struct, name);
    if (type !== 'string') throw new Error(`${name} is not a text`);
    const reference = this.address + offset;
    const distance = this.memory.getUint32(reference, true);
    const length = this.memory.getUint32(reference + 4, true);
    return distance === 0 ? undefined : this.#bytes(this.address + distance, length).toString('latin1');
  }

  /** The 16 bytes of an address. */
  bytes(name: string): Uint8Array {
    const { offset, size } = member(this.struct, name);
    return Uint8Array.from(this.#bytes(this.address + offset, size));
  }

  /** The record that a member links to; undefined if the address is 0. */
  linked(name: string, struct: Struct = this.struct): RawRecord | undefined {
    const address = Number(this.number(name));
    return address === 0 ? undefined : new RawRecord(this.memory, address, struct);
  }

  #bytes(address: number, length: number): Buffer {
    return Buffer.from(this.memory.buffer, this.memory.byteOffset + address, length);
  }
}

/** An event with its process and its container. */
export interface RawEvent {
  readonly type: EventType;
  readonly event: RawRecord;
  readonly image: RawRecord;
  readonly container: RawRecord;
}

/** The event at an address. Those of tests have a process. */
export function rawEventAt(buffer: ArrayBufferLike, address: number): RawEvent {
  const memory = new DataView(buffer);
  const header = new RawRecord(memory, address, EVENT_HEADER);
  const type = EVENT_TYPES.find(({ number }) => BigInt(number) === header.number('type'));
  const image = header.linked('image_address', IMAGE);
  const container = image?.linked('container_address', CONTAINER);
  if (!type || !image || !container) throw new Error(`no event with a process at ${address}`);
  return { type, event: new RawRecord(memory, address, EVENT_STRUCTS[type.shape]), image, container };
}

/** Nearest first. */
export function ancestorsOf(image: RawRecord): readonly RawRecord[] {
  const parent = image.linked('parent_address');
  return parent ? [parent, ...ancestorsOf(parent)] : [];
}
