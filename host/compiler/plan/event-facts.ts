// Evaluates conditions with only some facts of an event: true, false, or undefined if the result depends on the rest.

import type { EventShape } from '../../schema/event-structs.ts';
import { flagValue } from '../../schema/fields/derivation.ts';
import type { Comparison } from '../../schema/integers.ts';
import type { Condition, Test } from '../ir/condition.ts';
import type { MemberOf, MemberValue, NumberType, Value } from '../ir/value.ts';

type ChoiceValue = Extract<Value, { readonly node: 'choice' }>;

/** A number with some known bits, or within a known range. */
export interface PartlyKnown {
  readonly least: bigint;
  readonly most: bigint;
  /** Bits that are known, and what they are. */
  readonly mask: bigint;
  readonly bits: bigint;
}

export function exactly(value: bigint): PartlyKnown {
  return { least: value, most: value, mask: ~0n, bits: value };
}

export function between(least: bigint, most: bigint): PartlyKnown {
  return { least, most, mask: 0n, bits: 0n };
}

export function withBits(mask: bigint, bits: bigint): PartlyKnown {
  return { least: 0n, most: 0xffffffffn, mask, bits };
}

/** A member of the event's record: `header.result`, `open.mode`. */
export type EventMember = {
  [Owner in 'header' | EventShape]: `${Owner}.${MemberOf<Owner>}`;
}['header' | EventShape];

/** What is known of members of the record. */
export type EventFacts = ReadonlyMap<EventMember, PartlyKnown>;

export type Truth = boolean | undefined;

/** Sound: everything not understood is undefined. */
export function decide(condition: Condition, facts: EventFacts): Truth {
  switch (condition.kind) {
    case 'constant':
      return condition.value;
    case 'all':
      return join(condition.children, facts, false);
    case 'any':
      return join(condition.children, facts, true);
    case 'not': {
      const truth = decideTest(condition.child, facts);
      return truth === undefined ? undefined : !truth;
    }
    case 'test':
      return decideTest(condition, facts);
  }
}

/** `decisive` if any child is, its opposite if all are. */
function join(children: readonly Condition[], facts: EventFacts, decisive: boolean): Truth {
  let all: Truth = !decisive;
  for (const child of children) {
    const truth = decide(child, facts);
    if (truth === decisive) return decisive;
    if (truth === undefined) all = undefined;
  }
  return all;
}

function decideTest(test: Test, facts: EventFacts): Truth {
  return test.test === 'value' ? decideValue(test.value, facts) : undefined;
}

/** A value that is a bool. */
function decideValue(value: Value, facts: EventFacts): Truth {
  switch (value.node) {
    case 'boolean':
      return value.value;
    case 'comparison':
      return compare(numberOf(value.left, facts), value.operator, numberOf(value.right, facts));
    case 'oneOf': {
      const number = exactValue(numberOf(value.value, facts));
      return number === undefined ? undefined : number < 64n && ((value.set >> number) & 1n) !== 0n;
    }
    case 'choice': {
      const chosen = chosenOf(value, facts);
      return chosen && decideValue(chosen, facts);
    }
    case 'call':
    case 'variable':
    case 'integer':
    case 'member':
    case 'flag':
    case 'function':
    case 'cast':
    case 'arithmetic':
    case 'byte':
      return undefined;
    default:
      return value satisfies never;
  }
}

/** Which of the two values it is, if that is known. */
function chosenOf({ condition, then, otherwise }: ChoiceValue, facts: EventFacts): Value | undefined {
  const truth = decideValue(condition, facts);
  if (truth === undefined) return undefined;
  return truth ? then : otherwise;
}

/** What is known of a value that is a number; undefined: nothing. */
function numberOf(value: Value, facts: EventFacts): PartlyKnown | undefined {
  switch (value.node) {
    case 'integer':
      return exactly(value.value);
    case 'flag':
      return exactly(flagValue(value));
    case 'member':
      return isOfEvent(value) ? facts.get(`${value.owner}.${value.name}` as EventMember) : undefined;
    case 'cast': {
      const inner = numberOf(value.value, facts);
      return inner && staysSame(inner, value.to) ? inner : undefined;
    }
    case 'arithmetic': {
      const mask = value.operator === '&' ? exactValue(numberOf(value.right, facts)) : undefined;
      const masked = mask !== undefined && mask >= 0n ? numberOf(value.left, facts) : undefined;
      return masked && mask !== undefined ? maskedBy(masked, mask) : undefined;
    }
    case 'choice': {
      const chosen = chosenOf(value, facts);
      return chosen && numberOf(chosen, facts);
    }
    case 'call':
    case 'variable':
    case 'boolean':
    case 'function':
    case 'byte':
    case 'comparison':
    case 'oneOf':
      return undefined;
    default:
      return value satisfies never;
  }
}

/** A cast to a 64-bit type changes numbers that the type can't represent; casts to narrower types are not followed. */
function staysSame({ least, most }: PartlyKnown, type: NumberType): boolean {
  return (type === 'i64' && most < 2n ** 63n) || (type === 'u64' && least >= 0n);
}

function isOfEvent({ owner, of, index }: MemberValue): boolean {
  const isRecord = owner !== 'image' && owner !== 'container' && index === undefined;
  return isRecord && of.node === 'variable' && of.name === 'event';
}

/** The number, if all of it is known. */
function exactValue(number: PartlyKnown | undefined): bigint | undefined {
  return number && number.least === number.most ? number.least : undefined;
}

function maskedBy({ mask: known, bits }: PartlyKnown, mask: bigint): PartlyKnown {
  const unknown = mask & ~known;
  const least = bits & known & mask;
  return { least, most: least | unknown, mask: known | ~mask, bits: least };
}

/** Compared with a number that is completely known. */
function compare(left: PartlyKnown | undefined, operator: Comparison, right: PartlyKnown | undefined): Truth {
  const constant = exactValue(right);
  if (!left || constant === undefined) return undefined;
  const { least, most, mask, bits } = left;
  switch (operator) {
    case '==':
      if (constant < least || constant > most || (constant & mask) !== (bits & mask)) return false;
      return least === most ? true : undefined;
    case '!=': {
      const equal = compare(left, '==', right);
      return equal === undefined ? undefined : !equal;
    }
    case '<':
      return most < constant ? true : least >= constant ? false : undefined;
    case '<=':
      return most <= constant ? true : least > constant ? false : undefined;
    case '>':
      return least > constant ? true : most <= constant ? false : undefined;
    case '>=':
      return least >= constant ? true : most < constant ? false : undefined;
  }
}
