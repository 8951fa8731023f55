// The values that derivations read: members of records, arithmetic, operators of rules-wasm/.
//
//   evt.failed          headerResult(event) < 0
//   evt.is_open_write   (openOpenFlags(event) & 3) == 1 || (openOpenFlags(event) & 3) == 2
//   proc.duration       headerTime(event) - imageStartTime(image)
//   proc.sname          orEmpty(imageComm(imageSessionAddress(image) != 0 ? imageSessionAddress(image) : oldestOfSid(image)))
//   proc.aname[2]       imageComm(imageParentAddress(imageParentAddress(image)))
//   proc.aname[6]       imageComm(ancestor(image, 6))

import {
  type AddressDerivation,
  type Compare,
  callsIn,
  type Derivation,
  membersRead,
  type NumberDerivation,
  type NumberedBits,
  type Process,
  type TextDerivation,
} from '../../schema/fields/derivation.ts';
import { isUnsigned } from '../../schema/fields/number-range.ts';
import { OPERATORS } from '../../schema/fields/operators.ts';
import { isNumber } from '../../schema/fields/sorts.ts';
import { integerFormat } from '../../schema/integers.ts';
import type { ValueType } from '../../schema/types.ts';
import type { Scope } from '../ir/text.ts';
import {
  arithmetic,
  CONTAINER_ADDRESS,
  call,
  cast,
  choose,
  compare,
  EVENT_ADDRESS,
  flag,
  hexadecimal,
  IMAGE_ADDRESS,
  integer,
  isThere,
  memberNamed,
  type NumberType,
  ofEvent,
  ofImage,
  type Value,
  ZERO,
} from '../ir/value.ts';

/** Where members are read: the record's address. */
const ADDRESSES = { event: EVENT_ADDRESS, image: IMAGE_ADDRESS, container: CONTAINER_ADDRESS } as const;

type Call = Extract<Derivation, { node: 'call' }>;
type Member = Extract<Derivation, { readonly member: string }>;

/** A number as it is read, with its member's type. */
export function numberValue(derivation: NumberDerivation | Call): Value {
  switch (derivation.node) {
    case 'number':
      return integer(derivation.value);
    case 'flag':
      return flag(derivation.table, derivation.name);
    case 'numberOf':
      return memberValue(derivation);
    case 'arithmetic': {
      const { operator, left, right } = derivation;
      return arithmetic(numberValue(left), operator, operator === '&' ? maskValue(right) : numberValue(right));
    }
    case 'numberIf': {
      const { condition, value, otherwise } = derivation;
      const type = isUnsigned(derivation) ? 'u64' : 'i64';
      return choose(compareValue(condition), cast(type, numberValue(value)), cast(type, numberValue(otherwise)));
    }
    case 'lengthOf':
      return call('lengthOf', plainText(derivation.of));
    case 'asType':
      return cast(numberTypeOf(derivation.type), numberValue(derivation.of));
    case 'renumbered':
      return cast('u32', renumbered(derivation));
    case 'call':
      return callValue(derivation, plainText);
  }
}

/** The type of numbers that wrap at the size of a field's type. */
export function numberTypeOf(type: ValueType): NumberType {
  const { bits, signed } = integerFormat(type);
  return `${signed ? 'i' : 'u'}${bits}` as NumberType;
}

function renumbered({ of, names, flags }: Extract<NumberDerivation, { node: 'renumbered' }>): Value {
  const from = cast('u32', numberValue(of));
  const applies = ({ mask, equals }: NumberedBits): Value =>
    compare(mask === ALL_BITS ? from : arithmetic(from, '&', integer(mask)), '==', integer(equals));
  if (!flags) return names.reduceRight((rest, each) => choose(applies(each), integer(each.value), rest), from);
  const [first = ZERO, ...others] = names.map((each) => choose(applies(each), integer(each.value), ZERO));
  return others.reduce((sum, next) => arithmetic(sum, '|', next), first);
}

const ALL_BITS = 0xffffffffn;

export function compareValue({ left, operator, right }: Compare): Value {
  const isMasked = left.node === 'arithmetic' && left.operator === '&';
  return compare(numberValue(left), operator, isMasked ? maskValue(right) : numberValue(right));
}

function maskValue(mask: NumberDerivation): Value {
  return mask.node === 'number' && mask.value > LARGEST_DECIMAL ? hexadecimal(mask.value) : numberValue(mask);
}

/** Masks of more bits are written in hexadecimal. */
const LARGEST_DECIMAL = 9n;

/** A text that is read without a function of the module's own. */
function plainText(text: TextDerivation): Value {
  if (text.node === 'textOf' || text.node === 'call') return memoryText(text, plainText);
  throw new Error(`a number is read from a text of kind ${text.node}`);
}

/** A text of a record, or an operator's result; `textValue` gives the values of its arguments. */
export function memoryText(
  derivation: Extract<TextDerivation, { node: 'textOf' | 'call' }>,
  textValue: (text: TextDerivation) => Value,
): Value {
  return derivation.node === 'textOf' ? memberValue(derivation) : callValue(derivation, textValue);
}

export function memberValue(derivation: Member): Value {
  const { of, member } = derivation;
  const index = derivation.node === 'numberOf' ? derivation.index : undefined;
  const value = memberNamed(of, member, addressOf(derivation), index);
  if (!value) throw new Error(`${of} has no member ${member}`);
  return value;
}

function addressOf(derivation: Member): Value {
  if (derivation.of === 'container') return CONTAINER_ADDRESS;
  if (derivation.of !== 'image') return EVENT_ADDRESS;
  return derivation.process ? processAddress(derivation.process) : IMAGE_ADDRESS;
}

/** Up to this many parents are written out. */
const NEAR = 4;

/** The address of the image of a process; 0 = not known. */
export function processAddress(process: Process): Value {
  if (process.kind === 'leader') {
    const leader = ofImage(process.link);
    if (process.id === undefined) return leader;
    return choose(isThere(leader), leader, call(OLDEST[process.id], IMAGE_ADDRESS));
  }
  const { generations } = process;
  if (generations > NEAR) return call('ancestor', IMAGE_ADDRESS, integer(generations));
  let image = IMAGE_ADDRESS;
  for (let generation = 0; generation < generations; generation++) image = ofImage('parent_address', image);
  return image;
}

const OLDEST = { sid: 'oldestOfSid', pgid: 'oldestOfPgid', vpgid: 'oldestOfVpgid' } as const;

function callValue({ operator, arguments: values }: Call, textValue: (text: TextDerivation) => Value): Value {
  const records = OPERATORS[operator].records.map((record) => ADDRESSES[record]);
  const read = values.map((value) => (isNumber(value) ? numberValue(value) : textValue(value)));
  return { node: 'call', operator, arguments: [...records, ...read] };
}

/** Whether the descriptor is of IPv6: then it is of kind `6`. */
const IS_V6 = compare(ofEvent('descriptor', 'kind'), '==', integer('6'.charCodeAt(0)));

export function addressValue(derivation: AddressDerivation): { readonly value: Value; readonly v6: Value } {
  const value = derivation.node === 'call' ? numberValue(derivation) : memberValue(derivation);
  return { value, v6: IS_V6 };
}

/** Members of the container that follow from the cgroup path, and so never change for a process; the others are set later. */
const KNOWN_AT_ONCE: ReadonlySet<string> = new Set(['id']);

/** What a value depends on. */
export function scopeOf(derivation: Derivation): Scope {
  return dependsOnEvent(derivation) ? 'event' : 'image';
}

function dependsOnEvent(derivation: Derivation): boolean {
  return (
    membersRead(derivation).some(({ of, member }) =>
      of === 'container' ? !KNOWN_AT_ONCE.has(member) : of !== 'image',
    ) || callsIn(derivation).some(({ operator }) => OPERATORS[operator].records.some((record) => record !== 'image'))
  );
}
