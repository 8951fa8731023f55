// An event that is given by its fields, and the table of values that a rule module reads it from (rules-wasm/given.ts).

import { parseAddress } from '../compiler/lower/address.ts';
import { GivenFields, type GivenKey, type GivenType, givenName } from '../compiler/lower/given-fields.ts';
import type { Field } from '../schema/types.ts';

/** A field's value: its text, its bytes, or the elements of a list. */
export type GivenValue = string | Uint8Array | readonly string[];

export interface GivenEvent {
  /** By name as givenName() makes it. What is not there is absent; an empty text is there. */
  readonly fields: ReadonlyMap<string, GivenValue>;
  /** Names of the event's parameters in order, for `evt.arg[0]`. */
  readonly parameters: readonly string[];
}

/** A value that is not one of its field's type. */
export class GivenValueError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.name = 'GivenValueError';
    this.field = field;
  }
}

/** Entry kinds. The module only asks whether it is 0: what type an entry has it knows. */
const KINDS: Readonly<Record<GivenType, number>> = {
  text: 1,
  integer: 2,
  unsigned: 3,
  fraction: 4,
  boolean: 5,
  address: 6,
  list: 7,
};
const ENTRY_BYTES = 16;
const ADDRESS_BYTES = 16;

/** The table of an event. */
export function eventTable(event: GivenEvent, keys: readonly GivenKey[]): Uint8Array {
  return encodeTable(keys, (key) => {
    if (key.ofAncestors) return undefined;
    return key.end === undefined ? fieldValue(event, key.name) : endOf(event, key.name, key.end);
  });
}

/** The table of the n-th ancestor, from 1. */
export function ancestorTable({ fields }: GivenEvent, n: number, keys: readonly GivenKey[]): Uint8Array {
  return encodeTable(keys, ({ name, ofAncestors }) => (ofAncestors ? fields.get(`${name}[${n}]`) : undefined));
}

/** How many ancestors the event tells of. */
export function ancestorCount({ fields }: GivenEvent): number {
  let count = 0;
  for (const name of fields.keys()) {
    const [, index] = /^proc\.a\w+\[(\d+)\]$/.exec(name) ?? [];
    if (index !== undefined) count = Math.max(count, Number(index));
  }
  return count;
}

/** A field's value by name as givenName() makes it; some follow from others. */
export function fieldValue({ fields, parameters }: GivenEvent, name: string): GivenValue | undefined {
  const own = fields.get(name);
  if (own !== undefined) return own;
  const [, index] = /^evt\.arg\[(\d+)\]$/.exec(name) ?? [];
  if (index !== undefined) return fields.get(`evt.arg.${parameters[Number(index)] ?? ''}`);
  const [, type] = /^evt\.type\.is\.(.+)$/.exec(name) ?? [];
  if (type !== undefined) return fields.get('evt.type') === type ? '1' : '0';
  return undefined;
}

/** One end of the connection, whichever role it has; an IPv4 socket that is not connected has zeros at both. */
function endOf({ fields }: GivenEvent, name: string, end: 'local' | 'remote'): GivenValue | undefined {
  const what = name.slice('fd.'.length);
  const names = end === 'local' ? [name, `fd.c${what}`, `fd.l${what}`] : [name, `fd.s${what}`, `fd.r${what}`];
  const own = names.map((one) => fields.get(one)).find((value) => value !== undefined);
  if (own !== undefined || fields.get('fd.type') !== 'ipv4') return own;
  return what === 'ip' ? '0.0.0.0' : '0';
}

function encodeTable(keys: readonly GivenKey[], value: (key: GivenKey) => GivenValue | undefined): Uint8Array {
  const table = new Uint8Array(keys.length * ENTRY_BYTES);
  const view = new DataView(table.buffer);
  const behind: Uint8Array[] = [];
  let end = table.length;
  for (const [index, key] of keys.entries()) {
    const given = value(key);
    if (given === undefined) continue;
    const at = index * ENTRY_BYTES;
    view.setUint32(at, KINDS[key.type], true);
    const encoded = encodeValue(key, given);
    if (typeof encoded === 'bigint') {
      view.setBigUint64(at + 8, BigInt.asUintN(64, encoded), true);
    } else if (typeof encoded === 'number') {
      view.setFloat64(at + 8, encoded, true);
    } else {
      const room = key.type === 'address' ? ADDRESS_BYTES : encoded.length;
      view.setUint32(at + 4, encoded.length, true);
      view.setBigUint64(at + 8, BigInt(end), true);
      const padded = new Uint8Array(room);
      padded.set(encoded);
      behind.push(padded);
      end += room;
    }
  }
  return new Uint8Array(Buffer.concat([table, ...behind]));
}

/**
 * Whether a value is one of its field's type.
 * @throws GivenValueError
 */
export function checkGivenValue(field: Field, argument: string | undefined, value: GivenValue): void {
  const given = new GivenFields();
  given.operand(field, argument);
  for (const key of given.keys) encodeValue({ ...key, name: givenName(field, argument) }, value);
}

/** A whole number as bigint, a fraction as number, all else as bytes. */
function encodeValue({ name, type }: GivenKey, given: GivenValue): bigint | number | Uint8Array {
  const items = typeof given === 'string' || given instanceof Uint8Array ? [given] : given;
  const text = typeof given === 'string' ? given : Buffer.from(items.join('')).toString('utf8');
  switch (type) {
    case 'text':
      return given instanceof Uint8Array ? given : Buffer.from(text, 'utf8');
    case 'list':
      return Buffer.from(items.map((item) => `${item}\0`).join(''), 'utf8');
    case 'integer':
    case 'unsigned':
      if (!/^[+-]?\d+$/.test(text)) throw new GivenValueError(name, `${text} is no whole number`);
      return BigInt(text.replace(/^\+/, ''));
    case 'fraction':
      if (text === '' || !Number.isFinite(Number(text))) throw new GivenValueError(name, `${text} is no number`);
      return Number(text);
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw new GivenValueError(name, `${text} is neither true nor false`);
      return text === 'true' ? 1n : 0n;
    case 'address': {
      const address = parseAddress(text);
      if (!address) throw new GivenValueError(name, `${text} is no IP address`);
      return address;
    }
  }
}
