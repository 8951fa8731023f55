// Why a part of a condition can't be decided in the kernel, for people.

import type { Condition, Test } from '../../ir/condition.ts';
import { type MemberOf, type MemberOwner, type OperatorName, partsOf, type Value } from '../../ir/value.ts';
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

/** The first of `ORDER` that applies to any part of the value. */
export function reasonOfValue(value: Value, place: Place): Reason {
  const found = new Set(partsOf(value).map((part) => reasonOfPart(part, place)));
  return ORDER.find((reason) => found.has(reason)) ?? 'argument';
}

/** For a value of several parts, the first of these reasons is reported. */
const ORDER: readonly Reason[] = [
  ...(['host', 'metadata', 'time', 'program', 'passed', 'peer', 'flags', 'result', 'within'] as const),
  ...(['unopened', 'descriptor'] as const),
];

function reasonOfPart(part: Value, place: Place): Reason | undefined {
  if (part.node === 'call') {
    const reason = OF_OPERATORS[part.operator];
    return reason === 'within' && place.type.shape !== 'open' ? undefined : reason;
  }
  if (part.node !== 'member') return undefined;
  if (part.owner === 'container' && part.name !== 'id') return 'metadata';
  if (isNewProgram(place) && (part.owner === 'image' || part.owner === 'container')) return 'program';
  const ofMembers: Readonly<Partial<Record<string, Reason>>> = OF_MEMBERS[part.owner] ?? {};
  return ofMembers[part.name] ?? (part.owner === 'descriptor' ? 'descriptor' : undefined);
}

const OF_OPERATORS: Readonly<Partial<Record<OperatorName, Reason>>> = {
  isNamed: 'host',
  fdNameraw: 'passed',
  fdOpenpath: 'passed',
  pathArgument: 'passed',
  fdLport: 'peer',
  fdRport: 'peer',
  fdCport: 'peer',
  fdSport: 'peer',
  fdLip: 'peer',
  fdRip: 'peer',
  fdCip: 'peer',
  fdSip: 'peer',
  fdOtherAddress: 'peer',
  fdOtherPort: 'peer',
  // Only these are not compared in the kernel, of an open's path.
  lengthOf: 'within',
  basename: 'within',
  fdDirectory: 'unopened',
};

const OF_PATH = { raw: 'passed', name: 'unopened', directory: 'unopened' } as const;
const OF_SOCKET = { local_port: 'peer', remote_port: 'peer', local_address: 'peer', remote_address: 'peer' } as const;

const OF_MEMBERS: { readonly [Owner in MemberOwner]?: { readonly [Name in MemberOf<Owner>]?: Reason } } = {
  header: { time: 'time', sequence: 'time', result: 'result', fd: 'result' },
  open: { ...OF_PATH, ...OF_SOCKET, open_flags: 'flags', mode: 'flags', resolve: 'flags' },
  exec: OF_PATH,
  descriptor: { ...OF_PATH, ...OF_SOCKET },
  network: { ...OF_PATH, ...OF_SOCKET },
  path: OF_PATH,
  paths: {
    old_raw: 'passed',
    new_raw: 'passed',
    old_name: 'unopened',
    new_name: 'unopened',
    old_directory: 'unopened',
    new_directory: 'unopened',
  },
};
