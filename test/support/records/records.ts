// Events, process images and containers laid out in memory as the capture lays them out, for tests of what reads them.

import { EventMemory } from '../../../host/fields/memory.ts';
import { EventRecord } from '../../../host/fields/record.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct, type StructInput } from '../../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import { IMAGE } from '../../../host/schema/image.ts';

/** An event record's bytes; `time` and so on by the schema's member names. */
export function eventRecord(typeName: string, input: StructInput): Uint8Array {
  const type = findEventType(typeName);
  if (!type) throw new Error(`no event type ${typeName}`);
  return encodeStruct(EVENT_STRUCTS[type.shape], { type: type.number, fd: -1, ...input });
}

/** A process image as the kernel writes it. `argv` is argv[0] and the arguments, each ended by a NUL. */
export function imageRecord(input: StructInput): Uint8Array {
  return encodeStruct(IMAGE, input);
}

/** A string member as text; undefined when absent. */
export function text<Name extends string>(
  record: { bytes(name: Name): Uint8Array | undefined },
  name: NoInfer<Name>,
): string | undefined {
  const bytes = record.bytes(name);
  return bytes && Buffer.from(bytes).toString('latin1');
}

const HOST = encodeStruct(CONTAINER, {
  state: CONTAINER_STATE.HOST,
  id: 'host',
  name: 'host',
  type: 'host',
  image_repository: '',
});

/** A stretch of memory into which records are put one after the other. */
export class RecordMemory {
  readonly buffer: SharedArrayBuffer;
  readonly memory: EventMemory;
  /** Address of the host's container entry. */
  readonly host: number;
  #end: number;

  /** `bytes`: how large it is to be, or a sandbox's memory, whose first 64 KB are the null area and stay empty. */
  constructor(bytes: number | SharedArrayBuffer = 1 << 20) {
    this.buffer = typeof bytes === 'number' ? new SharedArrayBuffer(bytes) : bytes;
    this.#end = typeof bytes === 'number' ? 64 : 65_536;
    this.memory = new EventMemory(this.buffer);
    this.host = this.put(HOST);
  }

  /** Where the next record will lie. */
  get end(): number {
    return this.#end;
  }

  /** Returns the address. */
  put(record: Uint8Array): number {
    const address = this.#end;
    new Uint8Array(this.buffer).set(record, address);
    this.#end = Math.ceil((address + record.length) / 8) * 8;
    return address;
  }

  container(input: StructInput): number {
    return this.put(encodeStruct(CONTAINER, { state: CONTAINER_STATE.KNOWN, ...input }));
  }

  /** An image with its annex: what native fills in from the other members is made here likewise. */
  image(members: StructInput, words: readonly string[] = []): number {
    const [argv0 = '', ...args] = words;
    const comm = members.comm ?? 'test';
    return this.put(
      imageRecord({
        container_address: this.host,
        comm,
        argv: words.map((word) => `${word}\0`).join(''),
        argv0,
        args: args.join(' '),
        cmdline: [comm, ...args].join(' '),
        cwd: '/work',
        cwd_slash: '/work/',
        user_name: 'root',
        group_name: 'root',
        login_name: '<NA>',
        login_uid: 0xffffffff,
        ...members,
      }),
    );
  }

  /** An event of the given process. */
  event(typeName: string, image: number, input: StructInput): EventRecord {
    const address = this.put(eventRecord(typeName, { image_address: image, ...input }));
    const record = EventRecord.at(this.memory, address);
    if (!record) throw new Error(`the record of ${typeName} does not lie within the memory`);
    return record;
  }
}
