// Fields of events that are given by their fields, for tests of rules: each field is a look-up in a table that comes with the event,
// whatever the event's type. Everything that is done with the values is the same as on captured events.
// `fd.name startswith /etc/ and fd.num > 3` compiles to
//
//   givenInteger(event + 64, 1) > 3 &&
//   isGiven(event + 64, 1) &&
//   startswith_etc(givenText(event + 64, 0))

import { EVENT_HEADER } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events/index.ts';
import { comparedField } from '../../schema/fields/compared.ts';
import type { Ends, Field } from '../../schema/fields/field.ts';
import { IMAGE } from '../../schema/image.ts';
import { parameterType } from '../../schema/parameter-names.ts';
import type { ValueType } from '../../schema/types.ts';
import { holds } from '../ir/condition.ts';
import { arithmetic, call, EVENT_ADDRESS, IMAGE_ADDRESS, ITEM_INDEX, integer, isThere } from '../ir/value.ts';
import { boolean, ITEM, number, type Operand, present, text } from './operand.ts';

/** How a value lies in the table. */
export type GivenType = 'text' | 'integer' | 'unsigned' | 'fraction' | 'boolean' | 'address' | 'list';

/** An entry of the table; its number is its place among the keys. */
export interface GivenKey {
  /** What a rule calls the field: `proc.aname[2]`, `evt.arg.flags`. */
  readonly name: string;
  readonly type: GivenType;
  /** For fields that mean either end of a connection: which one, and the fields that have the ends. */
  readonly end?: { readonly is: 'local' | 'remote'; readonly of: Ends };
  /** The entry of each ancestor's own table: `proc.aname` of any. */
  readonly ofAncestors?: true;
}

/** Stands in for all event types: what differs by type is given too. */
export const GIVEN_EVENT: EventType = { name: 'given', number: 0, shape: 'open', category: 'other', parameters: [] };

/** Where the table lies: behind the header of the event, and behind the image of an ancestor. */
export const EVENT_TABLE_OFFSET = EVENT_HEADER.size;
export const ANCESTOR_TABLE_OFFSET = IMAGE.size;

const EVENT_TABLE = arithmetic(EVENT_ADDRESS, '+', integer(EVENT_TABLE_OFFSET));
const ANCESTOR_TABLE = arithmetic(IMAGE_ADDRESS, '+', integer(ANCESTOR_TABLE_OFFSET));

/** The fields that the rules of a module name. */
export class GivenFields {
  readonly #numbers = new Map<string, number>();
  readonly #keys: GivenKey[] = [];

  get keys(): readonly GivenKey[] {
    return this.#keys;
  }

  operand(written: Field, argument: string | undefined): Operand {
    const field = comparedField(written);
    if (argument === undefined && field.anyAncestor) {
      const each = this.#read({ name: field.name, type: givenType(field.type), ofAncestors: true });
      return { kind: 'ancestors', each };
    }
    const ends = endKeys(field);
    if (ends) return this.#ends(ends);
    const name = givenName(field, argument);
    if (field.list) return this.#read({ name, type: 'list' });
    const type = field.type === 'DYN' ? (parameterType(argument ?? '') ?? 'CHARBUF') : field.type;
    return this.#read({ name, type: givenType(type) });
  }

  #number(key: GivenKey): number {
    const text = `${key.name} ${key.end?.is ?? ''} ${key.ofAncestors ?? ''}`;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#keys.length);
    return this.#keys.push(key) - 1;
  }

  #read(key: GivenKey): Operand {
    const table = key.ofAncestors ? ANCESTOR_TABLE : EVENT_TABLE;
    const entry = integer(this.#number(key));
    const there = holds(call('isGiven', table, entry), 'event');
    switch (key.type) {
      case 'text':
        return text(call('givenText', table, entry), 'event');
      case 'list':
        return {
          kind: 'texts',
          there,
          item: call('itemOf', call('givenText', table, entry), ITEM_INDEX),
          marks: [],
          each: ITEM,
          scope: 'event',
        };
      case 'integer':
        return present(there, number(call('givenInteger', table, entry), 'event'));
      case 'unsigned':
        return present(there, number(call('givenUnsigned', table, entry), 'event', true));
      case 'fraction':
        return present(there, number(call('givenFraction', table, entry), 'event'));
      case 'boolean':
        return present(there, boolean(holds(isThere(call('givenInteger', table, entry)), 'event')));
      case 'address':
        return {
          kind: 'address',
          value: call('givenAddress', table, entry),
          v6: call('isGivenIpv6', table, entry),
          scope: 'event',
        };
    }
  }

  #ends([localKey, remoteKey]: EndKeys): Operand {
    const [local, remote] = [this.#read(localKey), this.#read(remoteKey)];
    const there = holds(call('isGiven', EVENT_TABLE, integer(this.#number(localKey))), 'event');
    return present(there, { kind: 'ends', local, remote });
  }
}

type EndKeys = readonly [local: GivenKey, remote: GivenKey];

/** The entries of a field that means either end of a connection; undefined for other fields. */
export function endKeys({ name, type, ends }: Field): EndKeys | undefined {
  if (!ends) return undefined;
  const key = (is: 'local' | 'remote'): GivenKey => ({ name, type: givenType(type), end: { is, of: ends } });
  return [key('local'), key('remote')];
}

/** A field with its argument as the table's keys have it, however it was written. */
export function givenName({ name, dotted }: Field, argument: string | undefined): string {
  if (argument === undefined) return name;
  return dotted && !/^-?\d+$/.test(argument) ? `${name}.${argument}` : `${name}[${argument}]`;
}

function givenType(type: ValueType): GivenType {
  switch (type) {
    case 'CHARBUF':
    case 'BYTEBUF':
    case 'FSPATH':
    case 'FSRELPATH':
    case 'SOCKADDR':
    case 'SOCKTUPLE':
    case 'FDLIST':
    case 'DYN':
      return 'text';
    case 'BOOL':
      return 'boolean';
    case 'DOUBLE':
      return 'fraction';
    case 'IPADDR':
    case 'IPNET':
      return 'address';
    case 'UINT64':
    case 'RELTIME':
    case 'ABSTIME':
      return 'unsigned';
    default:
      return 'integer';
  }
}
