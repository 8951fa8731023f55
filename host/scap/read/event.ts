// An event of a savefile by the names of its parameters, as the table of this version has them.

import { upToNul } from '../format/addresses.ts';
import { viewOf } from '../format/blocks.ts';
import { NOTHING } from '../format/calls.ts';
import { ScapError } from '../format/error.ts';
import { PARAMETER_BYTES, type ScapType, scapType } from '../format/event-table.ts';
import { currentEvent } from './event-versions.ts';
import type { RawEvent } from './raw-event.ts';

/** An event of a type of this version. */
export class ScapEvent {
  readonly raw: RawEvent;
  readonly type: ScapType;
  /** Its enter event; only of the same thread, with no event of that thread between. */
  readonly entered: ScapEvent | undefined;

  constructor(raw: RawEvent, type: ScapType, entered?: ScapEvent) {
    this.raw = raw;
    this.type = type;
    this.entered = entered;
  }

  get name(): string {
    return this.type.name;
  }

  /** Empty: not known. */
  bytes(name: string): Uint8Array {
    return this.raw.parameters[this.#index(name)] ?? NOTHING;
  }

  /** A text, without its NUL; undefined: not known. @throws {ScapError} */
  text(name: string): Uint8Array | undefined {
    const bytes = this.bytes(name);
    if (bytes.length === 0) return undefined;
    if (bytes.indexOf(0) !== bytes.length - 1) throw this.#wrong(name, 'is not text');
    return bytes.slice(0, -1);
  }

  /** Texts that each end with a NUL; the last one may be cut. */
  texts(name: string): Uint8Array | undefined {
    const bytes = this.bytes(name);
    if (bytes.length === 0) return undefined;
    return bytes[bytes.length - 1] === 0 ? bytes.slice() : Buffer.concat([bytes, Buffer.of(0)]);
  }

  /** The first of several texts. */
  firstText(name: string): Uint8Array {
    return upToNul(this.bytes(name));
  }

  /** Unsigned but for results, ids and descriptors; undefined: not known. @throws {ScapError} */
  number(name: string): number | undefined {
    const value = this.big(name);
    return value === undefined ? undefined : Number(value);
  }

  big(name: string): bigint | undefined {
    const bytes = this.bytes(name);
    if (bytes.length === 0) return undefined;
    const type = this.type.parameters[this.#index(name)]?.type ?? 'uint8';
    const size = PARAMETER_BYTES[type];
    if (bytes.length !== size) throw this.#wrong(name, `has ${bytes.length} bytes instead of ${size}`);
    const view = viewOf(bytes);
    switch (size) {
      case 1:
        return BigInt(view.getUint8(0));
      case 2:
        return BigInt(view.getUint16(0, true));
      case 4:
        return BigInt(type === 'int32' ? view.getInt32(0, true) : view.getUint32(0, true));
      case 8:
        return SIGNED.has(type) ? view.getBigInt64(0, true) : view.getBigUint64(0, true);
    }
  }

  /** Result of the call; one that is not known counts as 0. */
  get result(): bigint {
    return this.big(this.type.parameters[0]?.name ?? '') ?? 0n;
  }

  #index(name: string): number {
    return this.type.parameters.findIndex((parameter) => parameter.name === name);
  }

  #wrong(name: string, what: string): ScapError {
    return new ScapError('SCAP_PARAMETER', `the parameter ${name} of an event ${this.name} ${what}`);
  }
}

const SIGNED: ReadonlySet<string> = new Set(['errno', 'fd', 'pid', 'int64']);

/** Events of this version's types: old ones are completed with what their enter event had. */
export class EventVersions {
  /** Enter events by thread, until the exit of that thread. */
  readonly #entered = new Map<number, RawEvent>();
  /** Bytes of their parameters. */
  #bytes = 0;

  /** Undefined: the event is skipped. @throws {ScapError} */
  next(raw: RawEvent): ScapEvent | undefined {
    const isEnter = raw.type % 2 === 0 && !META.has(raw.type);
    if (isEnter) {
      if (raw.parameters.length > 0) this.#enter(raw);
      return undefined;
    }
    const entered = this.#entered.get(raw.tid);
    this.#forget(raw.tid);
    const current = currentEvent(raw, entered?.type === raw.type - 1 ? entered.parameters : undefined);
    const type = scapType(current.type);
    const enterType = entered?.type === raw.type - 1 ? scapType(entered.type) : undefined;
    return type && new ScapEvent(current, type, entered && enterType && new ScapEvent(entered, enterType));
  }

  #enter(raw: RawEvent): void {
    // A copy: the block's bytes are valid until the next one is read.
    const parameters = raw.parameters.map((bytes) => bytes.slice());
    this.#forget(raw.tid);
    this.#entered.set(raw.tid, { ...raw, parameters });
    this.#bytes += bytesOf(raw);
    if (this.#entered.size <= MOST_ENTERED && this.#bytes <= MOST_ENTERED_BYTES) return;
    this.#entered.clear();
    this.#bytes = 0;
  }

  #forget(tid: number): void {
    const entered = this.#entered.get(tid);
    if (!entered) return;
    this.#entered.delete(tid);
    this.#bytes -= bytesOf(entered);
  }
}

function bytesOf({ parameters }: RawEvent): number {
  return parameters.reduce((sum, { length }) => sum + length, 0);
}

/** Threads within a call, more than a machine has. */
const MOST_ENTERED = 1 << 18;
const MOST_ENTERED_BYTES = 64 << 20;

/** Events of even numbers that are not enter events: process ends, users, containers, plugins. */
const META: ReadonlySet<number> = new Set([16, 186, 228, 272, 324, 354, 356, 358, 360, 402]);
