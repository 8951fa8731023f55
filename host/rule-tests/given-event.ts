// An event given by its fields, and the table of values from which a rule module reads it (rules-wasm/given.ts).

import { parseAddress } from '../compiler/conditions/address.ts';
import { portOf } from '../compiler/conditions/services.ts';
import { endKeys, GivenFields, type GivenKey, type GivenType, givenName } from '../compiler/lower/given-fields.ts';
import { comparedField } from '../schema/fields/compared.ts';
import type { Field } from '../schema/fields/field.ts';

/** A field's value: its text, its bytes, or the elements of a list. */
export type GivenValue = string | Uint8Array | readonly string[];

export interface GivenEvent {
  /** Values by the name from givenName(). Missing fields are absent; an empty text is present. */
  readonly fields: ReadonlyMap<string, GivenValue>;
  /** Names of the event's parameters in order, for `evt.arg[0]`. */
  readonly parameters: readonly string[];
}

/** An invalid value for its field's type. */
export class GivenValueError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.name = 'GivenValueError';
    this.field = field;
  }
}

/** Kinds of entries. The module only checks for 0: it knows the type of each entry. */
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
  return encodeTable(keys, (key) => (key.ofAncestors ? undefined : valueFor(key, event)));
}

/** The table of the n-th ancestor, from 1. */
export function ancestorTable({ fields }: GivenEvent, n: number, keys: readonly GivenKey[]): Uint8Array {
  return encodeTable(keys, ({ name, ofAncestors }) => (ofAncestors ? fields.get(`${name}[${n}]`) : undefined));
}

/** Number of ancestors of the event. */
export function ancestorCount({ fields }: GivenEvent): number {
  let count = 0;
  for (const name of fields.keys()) {
    const [, index] = /^proc\.a\w+\[(\d+)\]$/.exec(name) ?? [];
    if (index !== undefined) count = Math.max(count, Number(index));
  }
  return count;
}

function valueFor(key: GivenKey, event: GivenEvent): GivenValue | undefined {
  return key.end ? endOf(event, key, key.end) : fieldValue(event, key.name);
}

/** A field's value by the name from givenName(); some follow from others. */
export function fieldValue({ fields, parameters }: GivenEvent, name: string): GivenValue | undefined {
  const own = fields.get(name);
  if (own !== undefined) return own;
  const [, index] = /^evt\.arg\[(\d+)\]$/.exec(name) ?? [];
  if (index !== undefined) return fields.get(`evt.arg.${parameters[Number(index)] ?? ''}`);
  const [, type] = /^evt\.type\.is\.(.+)$/.exec(name) ?? [];
  if (type !== undefined) return fields.get('evt.type') === type ? '1' : '0';
  return undefined;
}

/**
 * One end of the connection, whichever role it has. An end that the event lacks is replaced by the other one, so that a condition on
 * either end is decided by the given end. A socket that is not connected has the address that it is bound to at both, or zeros.
 */
function endOf(
  { fields }: GivenEvent,
  { name, type: valueType }: GivenKey,
  { is, of: { client, local, server, remote } }: NonNullable<GivenKey['end']>,
): GivenValue | undefined {
  const ends = is === 'local' ? [client, local, server, remote] : [server, remote, client, local];
  const own = [name, ...ends].map((one) => fields.get(one)).find((value) => value !== undefined);
  if (own !== undefined) return own;
  const type = fields.get('fd.type');
  if (type !== 'ipv4' && type !== 'ipv6') return undefined;
  const bound = boundTo(fields.get('fd.name'));
  if (valueType !== 'address') return bound?.port ?? '0';
  return bound?.ip ?? (type === 'ipv4' ? '0.0.0.0' : '::');
}

/** The address in the name of a socket that is bound and no more: `127.0.0.1:0`, `::1:0`. */
function boundTo(name: GivenValue | undefined): { readonly ip: string; readonly port: string } | undefined {
  const [, ip = '', port = ''] =
    typeof name === 'string' ? (/^([\d.]+|[\da-fA-F.:]*:[\da-fA-F.:]*):(\d+)$/.exec(name) ?? []) : [];
  return parseAddress(ip) ? { ip, port } : undefined;
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

/** The value of a field in a condition, as text for people; both values for a field of either end. */
export function shownValue(event: GivenEvent, written: Field, argument: string | undefined): string | undefined {
  const field = comparedField(written);
  const keys = endKeys(field);
  if (!keys) return textOf(fieldValue(event, givenName(field, argument)));
  const ends = keys.flatMap((key) => textOf(valueFor(key, event)) ?? []);
  return ends.length === 0 ? undefined : `(${[...new Set(ends)].join(',')})`;
}

function textOf(value: GivenValue | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : `(${value.join(',')})`;
}

/**
 * A value in the event's form: a port is a number, even if its service is named, as in rules.
 * @throws GivenValueError for an invalid value
 */
export function givenValue(field: Field, argument: string | undefined, value: GivenValue): GivenValue {
  const name = givenName(field, argument);
  const { comparedAs } = field;
  if (comparedAs !== undefined) throw new GivenValueError(name, `${name} follows from ${comparedAs}: set that instead`);
  const normal = field.type === 'PORT' && typeof value === 'string' ? portText(name, value) : value;
  const given = new GivenFields();
  given.operand(field, argument);
  for (const key of given.keys) {
    const encoded = encodeValue({ ...key, name }, normal);
    if (typeof encoded !== 'bigint') continue;
    const [least, most] = rangeOf(field);
    if (encoded < least || encoded > most) {
      throw new GivenValueError(name, `${normal} is out of range: ${name} is from ${least} to ${most}`);
    }
  }
  return normal;
}

function portText(name: string, value: string): string {
  const port = value === '' ? undefined : portOf(value);
  if (port === undefined) throw new GivenValueError(name, `${value} is not a port: neither a number nor a service`);
  return String(port);
}

/** Least and greatest whole number of a field; of types whose width differs by event, all that can be held. */
function rangeOf({ type }: Field): readonly [bigint, bigint] {
  if (type === 'PORT') return [0n, 0xffffn];
  if (type === 'RELTIME' || type === 'ABSTIME') return [0n, (1n << 64n) - 1n];
  const [, unsigned, bits] = /^(U?)INT(8|16|32|64)$/.exec(type) ?? [];
  if (bits === undefined) return [-(1n << 63n), (1n << 64n) - 1n];
  const width = BigInt(bits);
  return unsigned ? [0n, (1n << width) - 1n] : [-(1n << (width - 1n)), (1n << (width - 1n)) - 1n];
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
      if (!/^[+-]?\d+$/.test(text)) throw new GivenValueError(name, `${text} is not a whole number`);
      return BigInt(text.replace(/^\+/, ''));
    case 'fraction':
      if (text === '' || !Number.isFinite(Number(text))) throw new GivenValueError(name, `${text} is not a number`);
      return Number(text);
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw new GivenValueError(name, `${text} is not true or false`);
      return text === 'true' ? 1n : 0n;
    case 'address': {
      const address = parseAddress(text);
      if (!address) throw new GivenValueError(name, `${text} is not an IP address`);
      return address;
    }
  }
}
