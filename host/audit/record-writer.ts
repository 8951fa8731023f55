// Writes the record of an audit event (host/schema/audit/record.ts) into memory that rules read.

import { AUDIT_EVENT_TYPE, AUDIT_VALUE_BYTES, AUDIT_VALUES_OFFSET } from '../schema/audit/record.ts';
import { EVENT_FLAGS, EVENT_HEADER } from '../schema/event-structs.ts';
import { member } from '../schema/layout.ts';
import type { JsonValues } from './json/values.ts';
import type { Item, ReadValue } from './readings/reading.ts';

/** The event's texts do not fit into a record. */
export class RecordFullError extends Error {
  override readonly name = 'RecordFullError';
}

export interface RecordHead {
  /** ns since 1970. */
  readonly time: bigint;
  /** From 1. */
  readonly number: bigint;
  /** Address of the image that stands for the process of all events. */
  readonly image: number;
}

function at(name: (typeof EVENT_HEADER)['members'][number]['name']): number {
  return member(EVENT_HEADER, name).offset;
}

const AT = {
  size: at('size'),
  type: at('type'),
  flags: at('flags'),
  time: at('time'),
  sequence: at('sequence'),
  fd: at('fd'),
  image: at('image_address'),
} as const;

export class RecordWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limit: number;
  #address = 0;
  #end = 0;
  /** Places of the event's compact JSON: in the record, and in the scanned text. */
  #json = 0;
  #scanned = 0;

  /** @param limit where records have to end */
  constructor(memory: WebAssembly.Memory, limit: number) {
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#limit = limit;
  }

  /**
   * Begins a record with the event's JSON.
   * @param onDemand how many values the table behind the fixed part has
   */
  begin(address: number, onDemand: number, values: JsonValues, event: number): void {
    const fixed = AUDIT_VALUES_OFFSET + onDemand * AUDIT_VALUE_BYTES;
    const json = values.bytes(event);
    this.#address = address;
    this.#json = fixed;
    this.#scanned = values.start(event);
    this.#end = address + fixed + json.length;
    this.#require(0);
    this.#bytes.fill(0, address, address + fixed);
    this.#bytes.set(json, address + fixed);
  }

  /** Ends the record, and returns its size. */
  finish({ time, number, image }: RecordHead): number {
    const address = this.#address;
    const size = Math.ceil((this.#end - address) / 8) * 8;
    this.#view.setUint32(address + AT.size, size, true);
    this.#view.setUint16(address + AT.type, AUDIT_EVENT_TYPE.number, true);
    this.#view.setUint16(address + AT.flags, EVENT_FLAGS.COMPLETE, true);
    this.#view.setBigUint64(address + AT.time, time, true);
    this.#view.setBigUint64(address + AT.sequence, number, true);
    this.#view.setInt32(address + AT.fd, -1, true);
    this.#view.setUint32(address + AT.image, image, true);
    return size;
  }

  /** @param offset of the string_ref in the record */
  put(offset: number, value: ReadValue, isList: boolean, values: JsonValues): void {
    if (value === undefined) return;
    if (isList) this.#list(offset, typeof value === 'object' ? value : [value], values);
    else if (typeof value !== 'object') this.#text(offset, value, values);
  }

  #text(offset: number, item: Item, values: JsonValues): void {
    if (typeof item === 'number' && !values.isEscaped(item)) {
      this.#refer(offset, this.#json + values.start(item) - this.#scanned, values.end(item) - values.start(item));
      return;
    }
    const start = this.#end - this.#address;
    const text = typeof item === 'number' ? values.text(item) : item;
    this.#append(text);
    this.#refer(offset, start, text.length);
  }

  /** Each element with a NUL behind it; an empty list is absent. */
  #list(offset: number, items: readonly Item[], values: JsonValues): void {
    if (items.length === 0) return;
    const start = this.#end - this.#address;
    for (const item of items) {
      if (typeof item === 'number' && !values.isEscaped(item)) this.#copy(values, item);
      else this.#append(typeof item === 'number' ? values.text(item) : item);
      this.#require(1);
      this.#bytes[this.#end++] = 0;
    }
    this.#refer(offset, start, this.#end - this.#address - start);
  }

  #copy(values: JsonValues, item: number): void {
    const from = this.#address + this.#json + values.start(item) - this.#scanned;
    const size = values.end(item) - values.start(item);
    this.#require(size);
    this.#bytes.copyWithin(this.#end, from, from + size);
    this.#end += size;
  }

  #append(text: string): void {
    this.#require(text.length);
    for (let index = 0; index < text.length; index++) this.#bytes[this.#end++] = text.charCodeAt(index);
  }

  #refer(offset: number, start: number, length: number): void {
    this.#view.setUint32(this.#address + offset, start, true);
    this.#view.setUint32(this.#address + offset + 4, length, true);
  }

  #require(more: number): void {
    if (this.#end + more > this.#limit) throw new RecordFullError('the texts of its fields take too much room');
  }
}
