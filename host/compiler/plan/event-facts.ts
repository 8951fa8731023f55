// What conditions come to when only some facts of an event are known: true, false, or undefined where that depends on the rest.

import { DESCRIPTOR_STATE } from '../../schema/event-structs.ts';
import type { Condition, Test } from '../ir.ts';

/** A number of which some bits are known, or of which it is known between which numbers it lies. */
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

/** Values by what reads them: `headerResult(event)`. What is not there is not known. */
export type EventFacts = ReadonlyMap<string, PartlyKnown>;

export type Truth = boolean | undefined;

/** Sound whatever is not understood: that is undefined. */
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
  return test.test === 'code' ? decideCode(test.code, facts) : undefined;
}

const NOTHING = 0n;
const FILE = BigInt('f'.charCodeAt(0));
const DIRECTORY = BigInt('d'.charCodeAt(0));
const IPV4 = BigInt('4'.charCodeAt(0));
const IPV6 = BigInt('6'.charCodeAt(0));

/** Functions of rules-wasm/descriptor.ts that only look at the kind. */
const BY_KIND: Readonly<Record<string, readonly bigint[]>> = {
  'hasDirectory(event)': [FILE, DIRECTORY, NOTHING],
  'isSocket(event)': [IPV4, IPV6],
};

const KIND = 'descriptorKind(event)';

function decideCode(code: string, facts: EventFacts): Truth {
  const kinds = BY_KIND[code];
  if (kinds) {
    const kind = facts.get(KIND);
    return kind && kind.least === kind.most ? kinds.includes(kind.least) : undefined;
  }
  const [, left, operator, right] = /^(\S.*) (==|!=|<|<=|>|>=) (\S+)$/.exec(code) ?? [];
  if (left === undefined || operator === undefined || right === undefined) return undefined;
  const value = numberOf(left, facts);
  const constant = constantOf(right);
  return value && constant !== undefined ? compare(value, operator, constant) : undefined;
}

function constantOf(text: string): bigint | undefined {
  if (/^-?\d+$|^0x[\da-f]+$/.test(text)) return BigInt(text);
  const [, state] = /^DESCRIPTOR_(\w+)$/.exec(text) ?? [];
  const bit = Object.entries(DESCRIPTOR_STATE).find(([name]) => name === state)?.[1];
  return bit === undefined ? undefined : BigInt(bit);
}

function numberOf(code: string, facts: EventFacts): PartlyKnown | undefined {
  const [, signed, inner] = /^([iu])64\((.+)\)$/.exec(code) ?? [];
  if (inner !== undefined && isBalanced(inner)) {
    const value = numberOf(inner, facts);
    // A negative number would become a large one.
    return value && (signed === 'i' || value.least >= 0n) ? value : undefined;
  }
  const [, masked, maskText] = /^\((.+) & (\w+)\)$/.exec(code) ?? [];
  if (masked !== undefined && maskText !== undefined) {
    const value = numberOf(masked, facts);
    const mask = constantOf(maskText);
    return value && mask !== undefined && mask >= 0n ? maskedBy(value, mask) : undefined;
  }
  const [, guess] = /^fdTypechar\(event, (\d+)\)$/.exec(code) ?? [];
  if (guess === undefined) return facts.get(code);
  const kind = facts.get(KIND);
  if (!kind || kind.least !== kind.most) return undefined;
  return kind.least === NOTHING ? exactly(BigInt(guess)) : kind;
}

function isBalanced(code: string): boolean {
  let depth = 0;
  for (const character of code) {
    if (character === '(') depth++;
    if (character === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

function maskedBy({ mask: known, bits }: PartlyKnown, mask: bigint): PartlyKnown {
  const unknown = mask & ~known;
  const least = bits & known & mask;
  return { least, most: least | unknown, mask: known | ~mask, bits: least };
}

function compare({ least, most, mask, bits }: PartlyKnown, operator: string, constant: bigint): Truth {
  switch (operator) {
    case '==':
      if (constant < least || constant > most || (constant & mask) !== (bits & mask)) return false;
      return least === most ? true : undefined;
    case '!=': {
      const equal = compare({ least, most, mask, bits }, '==', constant);
      return equal === undefined ? undefined : !equal;
    }
    case '<':
      return most < constant ? true : least >= constant ? false : undefined;
    case '<=':
      return most <= constant ? true : least > constant ? false : undefined;
    case '>':
      return least > constant ? true : most <= constant ? false : undefined;
    default:
      return least >= constant ? true : most < constant ? false : undefined;
  }
}
