// What a derivation (host/schema/fields/derivation.ts) comes to on an event: written after its description, for tests. It shares no code
// with the evaluators of host/fields/ and of the compiler, only what the schema says: layouts, flags, descriptions. So a mistake of either
// shows, even if both make it.

import {
  type Derivation,
  FLAGS,
  MOUNT_PARTS,
  type Owner,
  type Process,
} from '../../../host/schema/fields/derivation.ts';
import { fnmatch } from './fnmatch.ts';
import { ipAddress, itemsOf, OPERATOR_VALUES } from './operator-values.ts';
import { ancestorsOf, type RawEvent, RawRecord, STRUCTS } from './raw-record.ts';
import { hasSign } from './signedness.ts';

/** Texts are byte strings. */
export type PlainValue =
  | { readonly kind: 'text'; readonly bytes: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** 4 bytes or 16. */
  | { readonly kind: 'address'; readonly bytes: Uint8Array }
  | { readonly kind: 'list'; readonly items: readonly string[] };

type Node<Name extends Derivation['node']> = Extract<Derivation, { readonly node: Name }>;

/** Undefined if absent. */
export function derivationValue(derivation: Derivation, at: RawEvent): PlainValue | undefined {
  const number = (of: Derivation): bigint => ofKind('integer', derivationValue(of, at))?.value ?? 0n;
  const holds = (of: Derivation): boolean => ofKind('boolean', derivationValue(of, at))?.value === true;
  const text = (of: Derivation, on = at): string | undefined => ofKind('text', derivationValue(of, on))?.bytes;

  switch (derivation.node) {
    // -- any value --
    case 'absent':
      return undefined;
    case 'either':
      return derivationValue(holds(derivation.condition) ? derivation.value : derivation.otherwise, at);
    case 'ancestors':
      return derivationValue(derivation.shown, at);
    case 'ends':
    case 'nameOf':
    // Parameters are evaluated apart (parameter-values.ts).
    case 'inOutputs':
    case 'asType':
    case 'renumbered':
    case 'character':
    case 'shown':
    case 'ipv4Text':
    case 'ipv6Text':
    case 'dateTime':
    case 'accountName':
      throw new Error(`tests take values of ${derivation.node} from elsewhere`);
    // -- numbers --
    case 'number':
      return integer(derivation.value);
    case 'flag':
      return integer(flagOf(derivation));
    case 'numberOf':
      return integer(recordOf(derivation, at)?.number(derivation.member) ?? 0n);
    case 'arithmetic': {
      const result = calculated(derivation, number(derivation.left), number(derivation.right));
      return integer(hasSign(derivation) ? BigInt.asIntN(64, result) : BigInt.asUintN(64, result));
    }
    case 'numberIf':
      return integer(number(holds(derivation.condition) ? derivation.value : derivation.otherwise));
    case 'lengthOf':
      return integer(BigInt(text(derivation.of)?.toString().length ?? 0));
    case 'unlessNegative': {
      const value = number(derivation.of);
      return value < 0n ? undefined : integer(value);
    }
    // -- truth --
    case 'boolean':
      return truth(derivation.value);
    case 'compare':
      return truth(isTrue(number(derivation.left), derivation.operator, number(derivation.right)));
    case 'all':
      return truth(derivation.of.every(holds));
    case 'any':
      return truth(derivation.of.some(holds));
    case 'not':
      return truth(!holds(derivation.of));
    case 'isThere':
      return truth(text(derivation.of) !== undefined);
    case 'isKnown':
      return truth(processOf(derivation.process, at.image) !== undefined);
    // -- texts --
    case 'text':
      return textOf(utf8(derivation.value));
    case 'textOf':
      return textOf(recordOf(derivation, at)?.text(derivation.member));
    case 'orElse':
      return textOf(text(derivation.of) ?? utf8(derivation.otherwise));
    case 'join': {
      const parts = derivation.parts.map((part) => text(part));
      return textOf(parts.includes(undefined) ? undefined : parts.join(''));
    }
    case 'digits':
      return textOf(number(derivation.of).toString(derivation.base).toUpperCase());
    case 'enumeration': {
      const value = number(derivation.of);
      const name = new Map(derivation.names.toReversed()).get(Number(value));
      return textOf(name ?? derivation.none ?? `${value}`);
    }
    case 'names': {
      const value = number(derivation.of);
      const set = derivation.names.filter(({ mask, equals }) => (value & mask) === equals);
      return textOf(set.map(({ name }) => name).join(derivation.separator) || (derivation.none ?? `${value}`));
    }
    case 'valueOf': {
      const beginning = utf8(derivation.key + derivation.separator);
      const found = itemsOf(text(derivation.list)).find((item) => item.startsWith(beginning));
      return textOf(found?.slice(beginning.length));
    }
    case 'nearest': {
      const near = ancestorsOf(at.image).slice(0, derivation.generations);
      return textOf(near.map((image) => text(derivation.of, { ...at, image })).find((found) => found !== undefined));
    }
    case 'ofAncestors': {
      const all = ancestorsOf(at.image).map((image) => text(derivation.of, { ...at, image }) ?? '');
      return textOf(all.join(' '));
    }
    case 'mountPart':
      return textOf(mountPart(derivation, text(derivation.mounts)));
    case 'pathFrom': {
      const [directory, path] = [text(derivation.directory), text(derivation.path)];
      return textOf(directory === undefined || path === undefined ? undefined : resolved(directory, path));
    }
    case 'items': {
      const list = text(derivation.of);
      return list === undefined ? undefined : { kind: 'list', items: itemsOf(list) };
    }
    // -- the others --
    case 'addressOf':
      return { kind: 'address', bytes: ipAddress(at.event, derivation.member) };
    case 'call':
      return called(derivation, at);
  }
}

function ofKind<Kind extends PlainValue['kind']>(kind: Kind, value: PlainValue | undefined) {
  if (value !== undefined && value.kind !== kind) throw new Error(`${value.kind} in place of ${kind}`);
  return value as Extract<PlainValue, { readonly kind: Kind }> | undefined;
}

function integer(value: bigint): PlainValue {
  return { kind: 'integer', value };
}

function truth(value: boolean): PlainValue {
  return { kind: 'boolean', value };
}

function textOf(bytes: string | undefined): PlainValue | undefined {
  return bytes === undefined ? undefined : { kind: 'text', bytes };
}

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function flagOf({ table, name }: Node<'flag'>): bigint {
  return BigInt(new Map(Object.entries(FLAGS[table])).get(name) ?? 0);
}

function calculated({ operator }: Node<'arithmetic'>, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '-':
      return left - right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
  }
}

function isTrue(left: bigint, operator: Node<'compare'>['operator'], right: bigint): boolean {
  const [less, same] = [left < right, left === right];
  switch (operator) {
    case '==':
      return same;
    case '!=':
      return !same;
    case '<':
      return less;
    case '<=':
      return less || same;
    case '>':
      return !less && !same;
    case '>=':
      return !less;
  }
}

// -- records --

function recordOf({ of, process }: { of: Owner; process?: Process }, at: RawEvent): RawRecord | undefined {
  if (of === 'container') return at.container;
  if (of === 'image') return process ? processOf(process, at.image) : at.image;
  return new RawRecord(at.event.memory, at.event.address, STRUCTS[of]);
}

function processOf(process: Process, image: RawRecord): RawRecord | undefined {
  const ancestors = ancestorsOf(image);
  if (process.kind === 'ancestor') return [image, ...ancestors][process.generations];
  const { id, link } = process;
  const leader = image.linked(link);
  if (leader || id === undefined) return leader;
  return ancestors.findLast((each) => each.number(id) === image.number(id));
}

// -- texts --

function mountPart({ mount, part }: Node<'mountPart'>, mounts: string | undefined): string | undefined {
  const strings = itemsOf(mounts);
  if (typeof mount === 'number') return mount < 0 ? undefined : partOf(strings, mount, part);
  for (let index = 0; index * MOUNT_PARTS < strings.length; index++) {
    const key = partOf(strings, index, mount.by);
    if (key !== undefined && fnmatch(utf8(mount.glob), key)) return partOf(strings, index, part);
  }
  return undefined;
}

function partOf(strings: readonly string[], mount: number, part: number): string | undefined {
  return strings[mount * MOUNT_PARTS + part];
}

/** Lexically, as from the root. */
function resolved(directory: string, path: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

// -- operators --

function called({ operator, arguments: given }: Node<'call'>, at: RawEvent): PlainValue | undefined {
  const values = given.map((each) => {
    const value = derivationValue(each, at);
    return value?.kind === 'integer' ? value.value : ofKind('text', value)?.bytes;
  });
  const result = OPERATOR_VALUES[operator](at, ...values);
  switch (typeof result) {
    case 'bigint':
      return integer(result);
    case 'boolean':
      return truth(result);
    case 'object':
      return { kind: 'address', bytes: result };
    default:
      return textOf(result);
  }
}
