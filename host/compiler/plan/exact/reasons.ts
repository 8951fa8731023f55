// Why a part of a condition can't be decided in the kernel, for people.

import type { Condition, Test } from '../../ir/condition.ts';
import { isValue, type Value } from '../../ir/value.ts';
import { isNewProgram, type Place } from './place.ts';

/** Each follows a colon. */
export const REASONS = {
  process: 'not all matches need this of their process, and only what they all need is decided once for it',
  program:
    'of a program that is being run only proc.name, proc.exepath and whether it is in a container are known in time',
  metadata: 'metadata of the container arrive later, and may change',
  passed: 'it is what the process passed, not the name of a file',
  unopened: 'only calls that open or run a file have a name that the kernel can compare',
  case: 'it compares letters in either case',
  within: 'only whole names, beginnings and endings are compared in the kernel',
  joined: 'the text is made of several parts',
  values: 'it compares two values of the event',
  result: 'the kernel looks at whether the call succeeded, not at the number or error that it returned',
  flags: 'of the flags of an open the kernel looks at the access mode, O_CREAT, O_TRUNC and O_TMPFILE',
  peer: 'of a connection the kernel looks at the address and port of the other side of a connect or send',
  host: 'names of hosts are resolved outside of the kernel',
  descriptor: 'the kernel does not look at this of a descriptor',
  argument: 'the kernel does not look at it',
  time: 'it depends on when the event happened, or on its number',
  long: 'a name is too long for the kernel',
  many: 'it names more than fits into the kernel',
  complex: 'it has too many alternatives for the kernel',
} as const;

export type Reason = keyof typeof REASONS;

/** For a test of anything but one text. */
export function reasonOfTest(test: Test, place: Place): Reason {
  switch (test.test) {
    case 'value':
      return reasonOfValue(test.value, place);
    case 'text':
      return reasonOfValue(test.text.value, place);
    case 'stream': {
      const [only] = test.pieces;
      const value = test.pieces.length === 1 && only && 'value' in only ? only.value : undefined;
      const reason = value && reasonOfValue(value, place);
      return reason === undefined || reason === 'argument' ? 'joined' : reason;
    }
    case 'pair':
      return 'values';
    case 'ancestor':
      return isNewProgram(place) ? 'program' : 'process';
    case 'one': {
      const [first] = test.conditions.flatMap(testsOf);
      return first ? reasonOfTest(first, place) : 'complex';
    }
  }
}

/** The tests that a condition is made of. */
export function testsOf(condition: Condition): readonly Test[] {
  switch (condition.kind) {
    case 'constant':
      return [];
    case 'all':
    case 'any':
      return condition.children.flatMap(testsOf);
    case 'not':
      return [condition.child];
    case 'test':
      return [condition];
  }
}

/** The first that applies to any part of the value. */
export function reasonOfValue(value: Value, place: Place): Reason {
  const parts = partsOf(value);
  const members = parts.flatMap((part) => (part.node === 'member' ? `${part.owner}.${part.name}` : []));
  const operators = parts.flatMap((part) => (part.node === 'call' ? part.operator : []));
  const reads = (pattern: RegExp): boolean => members.some((name) => pattern.test(name));
  const calls = (pattern: RegExp): boolean => operators.some((name) => pattern.test(name));
  if (calls(/^isNamed$/)) return 'host';
  if (reads(/^container\.(?!id$)/)) return 'metadata';
  if (reads(/^header\.(?:time|sequence)$/)) return 'time';
  if (isNewProgram(place) && reads(/^(?:image|container)\./)) return 'program';
  if (calls(/^(?:fdNameraw|fdOpenpath|pathArgument)$/) || reads(/\.(?:old_|new_)?raw$/)) return 'passed';
  if (calls(/^fd(?:[CSLR](?:ip|port)|Other)/) || reads(/\.(?:local|remote)_/)) return 'peer';
  if (reads(/^open\.(?:open_flags|mode|resolve)$/)) return 'flags';
  if (reads(/^header\.(?:result|fd)$/)) return 'result';
  if (calls(/^(?:lengthOf|basename)$/) && place.type.shape === 'open') return 'within';
  if (calls(/^fdDirectory$/) || reads(/\.(?:\w*_)?(?:name|directory)$/)) return 'unopened';
  if (reads(/^descriptor\./)) return 'descriptor';
  return 'argument';
}

function partsOf(value: Value): readonly Value[] {
  const children = Object.values(value).flatMap((member: unknown) => (Array.isArray(member) ? member : [member]));
  return [value, ...children.filter(isValue).flatMap(partsOf)];
}
